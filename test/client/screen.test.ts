import test from "ava";
import { Screen } from "../../src/client/screen.ts";

test("a screen draws over its last lines in a terminal, one after another elsewhere", (t) => {
  const draw = (inPlace: boolean): string => {
    let text = "";
    const screen = new Screen({ write: (more) => (text += more) }, inPlace);
    screen.draw(["a", "b"]);
    screen.draw(["c", "d"]);
    return text;
  };
  t.is(draw(true), "a\x1b[K\nb\x1b[K\n\x1b[2A\rc\x1b[K\nd\x1b[K\n");
  t.is(draw(false), "a\nb\nc\nd\n");
});

test("a screen asks for a new drawing only when the books moved on", (t) => {
  const screen = new Screen({ write: () => undefined }, true);
  t.deepEqual(
    [5, 5, 6].map((cursor) => screen.changed(cursor)),
    [true, false, true],
  );
});
