import { memoryCheckpoints, memoryRecords } from "../../lib/stores/memory.ts";
import { activityIndexContract } from "../contract/activity-index.ts";
import { checkpointStoreContract } from "../contract/checkpoint-store.ts";

checkpointStoreContract("memory", async () => memoryCheckpoints());
activityIndexContract("memory", async (clock) => memoryRecords(clock));
