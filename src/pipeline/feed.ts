/**
 * A running feed: plan, threads, admin server, status. Thread: main.
 */
import type { Config } from "../config/config.ts";
import { assert } from "../core/assert.ts";
import { FeedError } from "../core/errors.ts";
import { loadNative, nativeMissing } from "../core/native.ts";
import { AdminServer } from "../metrics/admin-server.ts";
import { makePlan } from "./plan.ts";
import type { ProbeSpec } from "./probe.ts";
import { PROTOCOLS } from "./protocols.ts";
import { FeedStatus } from "./status.ts";
import { Pipeline } from "./supervisor.ts";

/** Where a running feed listens. */
export interface FeedAddresses {
  readonly ws: string;
  /** null without a B endpoint. */
  readonly wsB: string | null;
  readonly admin: string;
}

/** A feed from start to stop. */
export class Feed {
  readonly pipeline: Pipeline;
  readonly status: FeedStatus;
  readonly addresses: FeedAddresses;
  readonly #admin: AdminServer;

  private constructor(
    pipeline: Pipeline,
    status: FeedStatus,
    addresses: FeedAddresses,
    admin: AdminServer,
  ) {
    this.pipeline = pipeline;
    this.status = status;
    this.addresses = addresses;
    this.#admin = admin;
  }

  /**
   * Starts everything: when it returns, groups are joined and sockets listen.
   *
   * @param log takes one line each
   * @param probe looks at every thread; null in production
   */
  static async start(
    config: Config,
    log: (line: string) => void,
    probe: ProbeSpec | null = null,
  ): Promise<Feed> {
    const native = loadNative();
    lockMemory(config);
    const inNative = config.rx.path === "dgram" ? null : native;
    const plan = makePlan(config, { kind: "sockets" }, inNative);
    const pipeline = await Pipeline.start(plan, log, probe);
    try {
      // Once more: what the threads have mapped since is not locked yet.
      lockMemory(config);
      for (const ready of pipeline.ready) ready.notes.forEach(log);
      assert(pipeline.queries !== null, "FEED_WITHOUT_ENDPOINT");
      sayNoWarmUp(config, log);
      const status = new FeedStatus(plan, pipeline.queries, log);
      const { listen } = config.admin;
      const admin = new AdminServer({ listen, token: config.publish.token, providers: status });
      const { port } = await admin.listen();
      await pipeline.queries.allowAdminPort(port);
      const addresses = addressesOf(config, pipeline, port);
      return new Feed(pipeline, status, addresses, admin);
    } catch (error) {
      await pipeline.kill();
      throw error;
    }
  }

  /** Stops taking in, drains, closes clients with 1001. @throws FEED_DEADLINE */
  async stop(): Promise<void> {
    this.status.drain();
    try {
      await this.pipeline.stop(this.pipeline.plan.config.pipeline.stopTimeoutMs);
    } finally {
      await this.#admin.close();
    }
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    await Promise.all([this.pipeline.kill(), this.#admin.close()]);
  }
}

/** The stream of a warm-up is ITCH: other protocols compile at their first packets. */
function sayNoWarmUp({ channel, pipeline }: Config, log: (line: string) => void): void {
  const { protocol } = channel;
  if (pipeline.warmUpMessages === 0 || PROTOCOLS[protocol].warmsUp) return;
  log(`no warm-up: pipeline.warm_up_messages knows no stream of ${protocol}`);
}

/** Locks what is mapped now, so that a machine that cannot do it stops the start. */
function lockMemory(config: Config): void {
  if (!config.pipeline.mlock) return;
  const native = loadNative();
  if (native === null) {
    throw new FeedError("FEED_MLOCK", `pipeline.mlock=true needs the addon: ${nativeMissing()}`);
  }
  try {
    native.lockMemory();
  } catch (error) {
    throw new FeedError("FEED_MLOCK", `pipeline.mlock=true: ${String(error)}`, { cause: error });
  }
}

function addressesOf(config: Config, pipeline: Pipeline, adminPort: number): FeedAddresses {
  const listen = pipeline.ready.find((ready) => ready.listen !== null)?.listen;
  const { publish, admin } = config;
  return {
    ws: `${publish.listen.host}:${listen?.port ?? 0}`,
    wsB: publish.listenB === null ? null : `${publish.listenB.host}:${listen?.portB ?? 0}`,
    admin: `${admin.listen.host}:${adminPort}`,
  };
}
