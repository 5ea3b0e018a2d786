import { bucketStoresContract } from "../../contract/bucket-stores.ts";
import { startVersitygw } from "../../services/versitygw.ts";

bucketStoresContract("versitygw", "s3", async () => {
  const server = await startVersitygw();
  return { ...server, close: () => server.stop() };
});
