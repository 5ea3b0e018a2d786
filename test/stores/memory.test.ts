import { memoryCheckpoints } from "../../lib/stores/memory.ts";
import { checkpointStoreContract } from "../contract/checkpoint-store.ts";

checkpointStoreContract("memory", async () => memoryCheckpoints());
