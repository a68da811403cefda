import { replayCountersContract } from "./replay-counters-contract.js";
import { stateDirectoryUnderTest } from "./store-under-test.js";

replayCountersContract("the state directory", stateDirectoryUnderTest);
