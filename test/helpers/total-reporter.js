/** Ends the output with one plain line, for those who read nothing else: `12 passed, 0 failed`. */
export default class TotalReporter {
  onRunComplete(_contexts, results) {
    // A file that could not be loaded has no tests to fail, and fails.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    // Jest's own summary, and the warnings after it, come first.
    process.once("exit", () => process.stdout.write(`${line}\n`));
  }
}
