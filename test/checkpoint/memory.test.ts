import { memoryCheckpoints } from "../../lib/checkpoint/memory.ts";
import { checkpointStoreContract } from "../contract/checkpoint-store.ts";

checkpointStoreContract("memory", async () => memoryCheckpoints());
