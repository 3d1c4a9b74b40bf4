/**
 * The fields of Moscow Exchange's derivatives templates that make books, by their names, which have
 * stood since 2013. Cold path, at start only.
 *
 * Source: SPECTRA FAST gate specification, messages X, W and 4.
 */
import { FeedError } from "../../core/errors.ts";
import { bindField, bindOptional, bindSequence, type FieldWord } from "./binding.ts";
import type { TemplatePlan } from "./plan.ts";

const INCREMENT = "DefaultIncrementalRefreshMessage";
const SNAPSHOT = "DefaultSnapshotMessage";
const RESET = "SequenceReset";

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
}

/** What the mapping reads. */
export interface FortsFields {
  /** Template indexes. */
  readonly incrementTemplate: number;
  readonly snapshotTemplate: number;
  /** -1 when there is none. */
  readonly resetTemplate: number;
  readonly incrementSeq: FieldWord;
  readonly increment: EntryFields;
  readonly snapshot: EntryFields;
  readonly snapshotRptSeq: FieldWord;
  readonly snapshotLastSeq: FieldWord;
  readonly snapshotSecurityId: FieldWord;
  readonly snapshotLastFragment: FieldWord;
  readonly resetNewSeq: FieldWord;
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
  const increment = planOf(INCREMENT).record;
  const snapshot = planOf(SNAPSHOT).record;
  const reset = plans[indexOf(RESET)];
  return {
    incrementTemplate: indexOf(INCREMENT),
    snapshotTemplate: indexOf(SNAPSHOT),
    resetTemplate: indexOf(RESET),
    incrementSeq: bindField(increment, "MsgSeqNum", ["uInt32"]),
    increment: entryFields(planOf(INCREMENT), true),
    snapshot: entryFields(planOf(SNAPSHOT), false),
    snapshotRptSeq: bindField(snapshot, "RptSeq", ["uInt32"]),
    snapshotLastSeq: bindField(snapshot, "LastMsgSeqNumProcessed", ["uInt32"]),
    snapshotSecurityId: bindField(snapshot, "SecurityID", ["uInt64"]),
    snapshotLastFragment: bindOptional(snapshot, "LastFragment", ["uInt32"]),
    resetNewSeq: bindOptional(reset?.record ?? snapshot, "NewSeqNo", ["uInt32"]),
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
  };
}
