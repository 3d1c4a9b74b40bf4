/**
 * The fields of Moscow Exchange's derivatives templates that make books, by their names, which have
 * stood since 2013. Cold path, at start only.
 *
 * Source: SPECTRA FAST gate specification, messages X, W and 4.
 */
import { FeedError } from "../../core/errors.ts";
import { ABSENT, bindField, bindOptional, bindSequence, type FieldWord } from "./binding.ts";
import type { FramingRules } from "./framing.ts";
import type { FieldType } from "./model.ts";
import type { TemplatePlan } from "./plan.ts";

const INCREMENT = "DefaultIncrementalRefreshMessage";
const SNAPSHOT = "DefaultSnapshotMessage";
const RESET = "SequenceReset";
const SECURITY_STATUS = "SecurityStatus";
const SESSION_STATUS = "TradingSessionStatus";
const DEFINITION = "SecurityDefinition";
const SEQUENCE = "MsgSeqNum";
const TEXTS = ["ascii", "unicode"] as const;

/** How the venue numbers: the snapshots' loop stands beside the increments. */
export const FORTS_RULES: FramingRules = {
  own: [INCREMENT, "OrdersLog"],
  aside: [SNAPSHOT, "OrdersBook"],
  restart: RESET,
};

/** Fields of an entry; those of an increment that a snapshot's lacks are never present. */
export interface EntryFields {
  readonly sequence: FieldWord;
  readonly words: number;
  readonly action: FieldWord;
  readonly type: FieldWord;
  readonly securityId: FieldWord;
  readonly rptSeq: FieldWord;
  readonly depth: FieldWord;
  readonly level: FieldWord;
  readonly price: FieldWord;
  readonly size: FieldWord;
  readonly entryId: FieldWord;
}

/** Fields of a template that a venue's file may lack; its index is -1 then. */
export interface StateFields {
  readonly template: number;
  readonly securityId: FieldWord;
  readonly symbol: FieldWord;
  readonly status: FieldWord;
  readonly event: FieldWord;
}

/** What the mapping reads. */
export interface FortsFields {
  /** Template indexes. */
  readonly incrementTemplate: number;
  readonly snapshotTemplate: number;
  /** -1 when there is none. */
  readonly resetTemplate: number;
  /** MsgSeqNum by template; never present where a template has none. */
  readonly seqs: readonly FieldWord[];
  readonly increment: EntryFields;
  readonly snapshot: EntryFields;
  readonly snapshotRptSeq: FieldWord;
  readonly snapshotLastSeq: FieldWord;
  readonly snapshotSecurityId: FieldWord;
  readonly snapshotLastFragment: FieldWord;
  readonly resetNewSeq: FieldWord;
  readonly securityStatus: StateFields;
  readonly sessionStatus: StateFields;
  readonly definition: StateFields;
}

/** True when templates are this venue's: both messages that make books are there. */
export function isForts(plans: readonly TemplatePlan[]): boolean {
  const has = (name: string): boolean => plans.some(({ template }) => template.name === name);
  return has(INCREMENT) && has(SNAPSHOT);
}

/**
 * Finds the fields.
 *
 * @throws FEED_FORMAT when the templates are not this venue's
 */
export function bindForts(plans: readonly TemplatePlan[]): FortsFields {
  const indexOf = (name: string): number => {
    return plans.findIndex(({ template }) => template.name === name);
  };
  const planOf = (name: string): TemplatePlan => {
    const plan = plans[indexOf(name)];
    if (plan === undefined) throw new FeedError("FEED_FORMAT", `FAST templates: no ${name}`);
    return plan;
  };
  bindField(planOf(INCREMENT).record, SEQUENCE, ["uInt32"]);
  const snapshot = planOf(SNAPSHOT).record;
  const reset = plans[indexOf(RESET)];
  return {
    incrementTemplate: indexOf(INCREMENT),
    snapshotTemplate: indexOf(SNAPSHOT),
    resetTemplate: indexOf(RESET),
    seqs: plans.map(({ record }) => bindOptional(record, SEQUENCE, ["uInt32"])),
    increment: entryFields(planOf(INCREMENT), true),
    snapshot: entryFields(planOf(SNAPSHOT), false),
    snapshotRptSeq: bindField(snapshot, "RptSeq", ["uInt32"]),
    snapshotLastSeq: bindField(snapshot, "LastMsgSeqNumProcessed", ["uInt32"]),
    snapshotSecurityId: bindField(snapshot, "SecurityID", ["uInt64"]),
    snapshotLastFragment: bindOptional(snapshot, "LastFragment", ["uInt32"]),
    resetNewSeq: bindOptional(reset?.record ?? snapshot, "NewSeqNo", ["uInt32"]),
    securityStatus: stateFields(plans, SECURITY_STATUS, "SecurityTradingStatus"),
    sessionStatus: stateFields(plans, SESSION_STATUS, "TradSesStatus"),
    definition: stateFields(plans, DEFINITION, "SecurityTradingStatus"),
  };
}

function stateFields(plans: readonly TemplatePlan[], name: string, status: string): StateFields {
  const template = plans.findIndex((plan) => plan.template.name === name);
  const plan = plans[template];
  const bind = (field: string, types: readonly FieldType[]): FieldWord => {
    return plan === undefined ? ABSENT : bindOptional(plan.record, field, types);
  };
  return {
    template,
    securityId: bind("SecurityID", ["uInt64"]),
    symbol: bind("Symbol", TEXTS),
    status: bind(status, ["uInt32"]),
    event: bind("TradSesEvent", ["int32"]),
  };
}

function entryFields({ record }: TemplatePlan, isIncrement: boolean): EntryFields {
  const { words, element } = bindSequence(record, "MDEntries");
  const inIncrement = isIncrement ? bindField : bindOptional;
  return {
    sequence: words,
    words: element.words,
    action: inIncrement(element, "MDUpdateAction", ["uInt32"]),
    securityId: inIncrement(element, "SecurityID", ["uInt64"]),
    rptSeq: inIncrement(element, "RptSeq", ["uInt32"]),
    type: bindField(element, "MDEntryType", ["ascii"]),
    depth: bindOptional(element, "MarketDepth", ["uInt32"]),
    level: bindField(element, "MDPriceLevel", ["uInt32"]),
    price: bindField(element, "MDEntryPx", ["decimal"]),
    size: bindField(element, "MDEntrySize", ["int64"]),
    entryId: bindOptional(element, "MDEntryID", ["int64"]),
  };
}
