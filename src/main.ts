#!/usr/bin/env node
import { Signals } from "./process/signals.js";

// Before the rest is loaded, which takes longer than a container may live.
const signals = new Signals();
const { runCommandLine } = await import("./commands/command-line.js");
await runCommandLine(process.argv.slice(2), signals);
