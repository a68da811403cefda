import { stateDirectoryUnderTest } from "./store-under-test.js";
import { vectorStoresContract } from "./vector-stores-contract.js";

vectorStoresContract("the state directory", stateDirectoryUnderTest);
