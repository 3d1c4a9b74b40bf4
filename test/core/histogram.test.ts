/** The histogram against exact quantiles and against hdr-histogram-js. */
import test from "ava";
import fc from "fast-check";
import * as hdr from "hdr-histogram-js";
import {
  BUCKET_COUNT,
  bucketOf,
  bucketTop,
  HISTOGRAM_BYTES,
  Histogram,
} from "../../src/core/histogram.ts";
import { seeded } from "../seed.ts";

const anyNs = fc
  .integer({ min: 0, max: 40 })
  .chain((power) => fc.integer({ min: 0, max: 2 ** power - 1 }).map((low) => 2 ** power + low));

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
  for (const value of values) histogram.record(value);
  return histogram;
}

test("every value lies in its bucket, and the bucket before ends below it", (t) => {
  const property = fc.property(anyNs, (ns) => {
    const i = bucketOf(ns);
    t.true(i >= 0 && i < BUCKET_COUNT);
    t.true(ns <= bucketTop(i));
    if (i > 0) t.true(bucketTop(i - 1) < ns);
    t.true(bucketTop(i) - ns <= ns / 64);
  });
  fc.assert(property, seeded(t, 2000));
});

test("the buckets' borders are where the powers of two are", (t) => {
  for (let power = 0; power <= 40; power++) {
    t.is(bucketTop(bucketOf(2 ** power) - 1), 2 ** power - 1, `2^${power}`);
  }
  t.is(bucketOf(2 ** 41 - 1), BUCKET_COUNT - 1);
});

test("values beyond the range fall into the first and the last bucket", (t) => {
  for (const ns of [-1, -(2 ** 60), 0, 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
    t.is(bucketOf(ns), 0);
  }
  for (const ns of [2 ** 41, 2 ** 53, Number.POSITIVE_INFINITY]) {
    t.is(bucketOf(ns), BUCKET_COUNT - 1);
  }
});

test("no value makes the sum anything but a sum of what was counted", (t) => {
  const histogram = filled([Number.NaN, -5, 10, 20]);
  t.is(histogram.count(), 4);
  t.is(histogram.sum(), 30);
  t.is(histogram.max(), 20);
});

test("quantiles are those of the sorted values to 1.6 %, as hdr-histogram-js has them", (t) => {
  const property = fc.property(fc.array(anyNs, { minLength: 1, maxLength: 500 }), (values) => {
    const ours = filled(values);
    const theirs = hdr.build({
      bitBucketSize: 64,
      lowestDiscernibleValue: 1,
      highestTrackableValue: 2 ** 42,
      numberOfSignificantValueDigits: 3,
    });
    for (const value of values) theirs.recordValue(value);
    const sorted = values.toSorted((a, b) => a - b);
    for (const q of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number;
      const was = ours.quantile(q);
      t.true(was >= exact && was - exact <= exact / 64, `q=${q} was ${was}, exact ${exact}`);
      const oracle = theirs.getValueAtPercentile(q * 100);
      t.true(Math.abs(was - oracle) <= oracle / 50 + 1, `q=${q} was ${was}, hdr ${oracle}`);
    }
    t.is(ours.count(), values.length);
    t.is(ours.max(), Math.max(...values));
  });
  fc.assert(property, seeded(t, 200));
});

test("an empty histogram has quantile 0, and a reset one is empty", (t) => {
  const histogram = filled([]);
  t.is(histogram.quantile(0.5), 0);
  histogram.record(77);
  histogram.reset();
  t.is(histogram.count() + histogram.sum() + histogram.max() + histogram.quantile(1), 0);
});
