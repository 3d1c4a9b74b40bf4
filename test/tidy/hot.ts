/**
 * The hot path's files, and the syntax that allocates. Constructors and what runs at import are
 * cold; so are the functions that a file lists, because they run at start or on a rare turn.
 */
import ts from "typescript";
import { functionName, placeOf, visitAll } from "./source.ts";

/** Each hot file with its cold functions. */
export const HOT_FILES: Readonly<Record<string, readonly string[]>> = {
  // #copy serves readers, on the endpoint's thread: one view a batch.
  "src/core/bus.ts": ["takeBus", "#copy"],
  "src/core/clock.ts": ["takeOrigin", "originMs"],
  "src/core/counters.ts": ["takeCounters"],
  "src/core/frames.ts": ["takeFrames"],
  "src/core/histogram.ts": [],
  "src/core/idle.ts": ["makeIdle"],
  "src/core/layout.ts": ["bigFromHalves", "signedBigFromHalves"],
  "src/core/record-ring.ts": ["takeRecordRing"],
  "src/core/slot-ring.ts": ["takeSlotRing", "slotRingFill"],
  "src/pipeline/change-ring.ts": [],
  "src/pipeline/event-ring.ts": [],
  "src/pipeline/frame-return.ts": [],
  "src/pipeline/loop.ts": ["runEvented", "runPumped"],
  "src/pipeline/packet-ring.ts": [],
  "src/pipeline/snapshot-bypass.ts": [],
  "src/pipeline/stop.ts": ["takeStopWord"],
  "src/rx/socket-native.ts": ["openSocket"],
  "src/merge/merge.ts": [],
  "src/merge/window.ts": [],
  "src/merge/missing.ts": [],
  "src/merge/sequencer.ts": [],
  "src/merge/session.ts": [],
  "src/merge/feed-health.ts": [],
  "src/merge/patience.ts": [],
  "src/book/hashing.ts": [],
  "src/book/settle.ts": ["makeSettle", "makeSettleChanged"],
  "src/decode/eobi/decoder.ts": [],
  "src/decode/eobi/framing.ts": [],
  "src/decode/eobi/instruments.ts": [],
  "src/decode/eobi/market.ts": [],
  // Cold: what happens only while the books wait for a snapshot.
  "src/decode/eobi/recovery.ts": ["#keep", "#apply"],
  "src/decode/eobi/snapshot.ts": ["apply"],
  // growKept runs when a remembered string outgrows its room: log2 times an entry.
  "src/decode/fast/wire.ts": ["growKept", "memory", "remember"],
  "src/decode/fast/integers.ts": [],
  "src/decode/fast/arrival.ts": ["decodesFromNothing", "remembersNothing"],
  "src/decode/fast/forts.ts": [],
  "src/decode/fast/forts-entry.ts": [],
  "src/decode/fast/forts-facts.ts": [],
  "src/decode/fast/level-events.ts": [],
  "src/decode/fast/stage.ts": ["types", "errorSlots", "bookSlots"],
  "src/decode/fast/framing.ts": [],
  "src/decode/fast/instrument-index.ts": [],
  "src/decode/fast/levels.ts": [],
  "src/decode/fast/price-scale.ts": [],
  "src/decode/fast/decoder.ts": ["templateIndex"],
  "src/decode/itch/decoder.ts": [],
  "src/decode/moldudp64/framing.ts": [],
  "src/book/blocks.ts": [],
  "src/book/core.ts": [],
  "src/book/far.ts": [],
  "src/book/ladder.ts": [],
  "src/book/state.ts": [],
  "src/book/table.ts": [],
  // Cells that move while a table is left; what draws keys and flees is rare.
  "src/book/move.ts": ["flee", "otherTable"],
  "src/book/order-events.ts": [],
  "src/book/stage.ts": [],
  "src/publish/publish-stage.ts": [],
};

const ALLOCATING = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.ObjectLiteralExpression, "object literal"],
  [ts.SyntaxKind.ArrayLiteralExpression, "array literal"],
  [ts.SyntaxKind.ArrowFunction, "closure"],
  [ts.SyntaxKind.FunctionExpression, "closure"],
  [ts.SyntaxKind.SpreadElement, "spread"],
  [ts.SyntaxKind.SpreadAssignment, "spread"],
  [ts.SyntaxKind.ForOfStatement, "for…of"],
  [ts.SyntaxKind.ForInStatement, "for…in"],
  [ts.SyntaxKind.TemplateExpression, "template string"],
  [ts.SyntaxKind.BigIntLiteral, "BigInt"],
  [ts.SyntaxKind.AwaitExpression, "await"],
  [ts.SyntaxKind.AsyncKeyword, "async"],
  [ts.SyntaxKind.YieldExpression, "yield"],
  [ts.SyntaxKind.TryStatement, "try"],
  [ts.SyntaxKind.NewExpression, "new"],
  [ts.SyntaxKind.ObjectBindingPattern, "destructuring"],
  [ts.SyntaxKind.ArrayBindingPattern, "destructuring"],
]);

const ALLOCATING_CALLS = /^(BigInt|Array\.from|Object\.(entries|keys|values|assign)|JSON\.\w+)$/;
const ALLOCATING_METHODS = /\.(map|filter|forEach|slice|subarray|toString|split|concat|push)$/;

/** Every allocating piece of syntax in the hot functions of a file. */
export function hotFindings(tree: ts.SourceFile): string[] {
  const cold = HOT_FILES[tree.fileName] ?? [];
  const found: string[] = [];
  for (const body of hotBodies(tree, cold)) {
    visitAll(body, (node) => {
      // What is thrown is an assertion or the end of the thread: made once.
      if (ts.isThrowStatement(node)) return false;
      const what = ALLOCATING.get(node.kind) ?? allocatingCall(node);
      if (what !== undefined) found.push(`${placeOf(tree, node)}: ${what}`);
      return true;
    });
  }
  const missing = cold.filter((name) => !names(tree).has(name));
  return [...found, ...missing.map((name) => `${tree.fileName}: cold ${name} is not there`)];
}

function allocatingCall(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const callee = node.expression.getText();
  if (ALLOCATING_CALLS.test(callee) || ALLOCATING_METHODS.test(callee)) return `${callee}()`;
  return undefined;
}

/**
 * Hot bodies; of a function that makes a function (`makeWalk`) the one that it returns is hot, and
 * the rest runs once.
 */
function hotBodies(tree: ts.SourceFile, cold: readonly string[]): ts.Node[] {
  const bodies: ts.Node[] = [];
  visitAll(tree, (node) => {
    if (ts.isConstructorDeclaration(node)) return false;
    if (ts.isFunctionDeclaration(node) && /^make[A-Z]/.test(functionName(node))) {
      for (const statement of node.body?.statements ?? []) {
        if (!ts.isReturnStatement(statement) || statement.expression === undefined) continue;
        if (ts.isArrowFunction(statement.expression)) bodies.push(statement.expression.body);
      }
      return false;
    }
    if (!ts.isFunctionDeclaration(node) && !ts.isMethodDeclaration(node) && !ts.isAccessor(node)) {
      return true;
    }
    if (node.body !== undefined && !cold.includes(functionName(node))) bodies.push(node.body);
    return false;
  });
  return bodies;
}

function names(tree: ts.SourceFile): Set<string> {
  const found = new Set<string>();
  visitAll(tree, (node) => {
    const name = functionName(node);
    if (name !== "") found.add(name);
    return true;
  });
  return found;
}
