// Preloaded into a service process: SIGUSR2 makes a fault that nothing catches, of the kind that FAULT_KIND names.
process.on("SIGUSR2", () => {
  setImmediate(() => {
    if (process.env.FAULT_KIND === "uncaughtException") JSON.parse("1029384756 is not JSON");
    void Promise.resolve("1029384756 is not JSON").then(JSON.parse);
  });
});
