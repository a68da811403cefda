import { replayContract } from "./replay-contract.js";
import { stateDirectoryUnderTest } from "./store-under-test.js";

replayContract("the state directory", stateDirectoryUnderTest);
