import { request } from "undici";
import { signV4 } from "../../../lib/aws/sigv4.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import { bucketStoresContract } from "../../contract/bucket-stores.ts";
import { startMoto } from "../../services/moto.ts";

const bucket = "records";
const region = "us-east-1";

// S3 as its Python community knows it, which checks each signature with botocore.
bucketStoresContract("moto", "s3", async () => {
  const moto = await startMoto();
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = moto.key;
  const headers = { host: new URL(moto.origin).host, "content-type": "application/json" };
  const signed = signV4(
    { method: "PUT", path: `/${bucket}`, headers, body: "" },
    { accessKeyId, secretAccessKey },
    { region, service: "s3" },
    systemClock.now(),
  );
  const { statusCode, body } = await request(`${moto.origin}/${bucket}`, {
    method: "PUT",
    headers: { ...headers, ...signed },
  });
  if (statusCode !== 200) throw new Error(`moto made no bucket: ${await body.text()}`);
  return {
    origin: moto.origin,
    bucket,
    environment: { ...moto.key, AWS_REGION: region },
    close: () => moto.stop(),
  };
});
