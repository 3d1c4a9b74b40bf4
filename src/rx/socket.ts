/**
 * Opens the receive source that rx.path asks for. `auto` falls back to node:dgram with one line for
 * the log where the addon is not built; a named path never does. An option that the chosen path
 * cannot honour is an error, but for stamps and busy polling under `auto`, which that line names.
 */
import { errorText, FeedError } from "../core/errors.ts";
import type { Native } from "../core/native.ts";
import { loadNative, nativeMissing } from "../core/native.ts";
import { DgramSource } from "./socket-dgram.ts";
import type { SocketSourceOptions } from "./socket-native.ts";
import { openSocket, RecvmmsgSource } from "./socket-native.ts";
import type { RxSource } from "./source.ts";

/** Receive buffers tried in turn when rx.rcvbuf_bytes is 0, bytes; then the kernel's default. */
const LARGE_BUFFERS = [8 << 20, 4 << 20, 1 << 20] as const;

/** An open source, and what the log should say of it. */
export interface OpenedSource {
  readonly source: RxSource;
  /** One line when `auto` fell back, else null. */
  readonly note: string | null;
}

/**
 * Opens a multicast source on the calling thread.
 *
 * @param native the addon, or null; with it the frames must lie in one of its regions
 * @param warmed a source that a warm-up ran with these very options; it is used where it fits
 * @throws FEED_NATIVE_MISSING when `recvmmsg` is asked for without the addon
 * @throws FEED_SOCKET when the socket cannot be set up as asked
 */
export async function openSocketSource(
  options: SocketSourceOptions,
  native: Native | null = loadNative(),
  warmed: RecvmmsgSource | null = null,
): Promise<OpenedSource> {
  if (options.config.rcvbufBytes > 0) return openPath(options, native, warmed);
  for (const rcvbufBytes of LARGE_BUFFERS) {
    try {
      return await openPath(
        { ...options, config: { ...options.config, rcvbufBytes } },
        native,
        warmed,
      );
    } catch (error) {
      if (!errorText(error).includes("SO_RCVBUF")) throw error;
    }
  }
  return openPath(options, native, warmed);
}

async function openPath(
  options: SocketSourceOptions,
  native: Native | null,
  warmed: RecvmmsgSource | null,
): Promise<OpenedSource> {
  const { path } = options.config;
  if (path === "dgram") {
    refuseUnsupported(options);
    return { source: await DgramSource.open(options), note: null };
  }
  if (native !== null && options.view.ref.region.kind === "native") {
    return { source: openNative(native, options, warmed), note: null };
  }
  const why = native === null ? `addon not loaded (${nativeMissing()})` : "frames are not native";
  if (path === "recvmmsg") {
    throw new FeedError("FEED_NATIVE_MISSING", `rx.path=recvmmsg: ${why}`);
  }
  const without = unsupported(options);
  const lost = without.length === 0 ? "" : `, without ${without.join(" and ")}`;
  return {
    source: await DgramSource.open(options),
    note: `rx.path=auto: ${why}; receiving with node:dgram${lost}`,
  };
}

function openNative(
  native: Native,
  options: SocketSourceOptions,
  warmed: RecvmmsgSource | null,
): RxSource {
  try {
    const receiver = openSocket(native, options);
    if (warmed === null) return new RecvmmsgSource(options, receiver);
    warmed.connect(receiver);
    return warmed;
  } catch (error) {
    throw new FeedError("FEED_SOCKET", errorText(error), { cause: error });
  }
}

/** Options that node:dgram has no call for. */
function unsupported(options: SocketSourceOptions): string[] {
  const names: string[] = [];
  if (options.config.timestamps !== "off") names.push(`rx.timestamps=${options.config.timestamps}`);
  if (options.config.busyPollUs > 0) names.push(`rx.busy_poll_us=${options.config.busyPollUs}`);
  return names;
}

function refuseUnsupported(options: SocketSourceOptions): void {
  const names = unsupported(options);
  if (names.length === 0) return;
  throw new FeedError("FEED_SOCKET", `rx.path=dgram cannot honour ${names.join(", ")}`);
}
