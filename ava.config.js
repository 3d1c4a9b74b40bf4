// Tests run from the compiled tree, so that workers and tests use the same code as production.
export default {
  files: ["dist/test/**/*.test.js"],
  workerThreads: false,
  concurrency: 2,
  timeout: "5m",
  environmentVariables: { NYQ_CHECKED: "1" },
};
