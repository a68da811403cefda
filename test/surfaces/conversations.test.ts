import { conversationsContract } from "./conversations-contract.js";
import { stateDirectoryUnderTest } from "./store-under-test.js";

conversationsContract("the state directory", stateDirectoryUnderTest);
