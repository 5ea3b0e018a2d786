import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeCertificate } from "./certificate.ts";
import { findProgram, kafkaJars } from "./programs.ts";
import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** One Kafka node, broker and controller. */
export interface Kafka extends Server {
  /** Open to anyone. */
  readonly broker: string;
  /** Asks for a user: PLAIN and SCRAM-SHA-256. */
  readonly saslBroker: string;
  /** Open to anyone, by TLS, under a certificate for localhost. */
  readonly tlsBroker: string;
  /** The authority of that certificate. */
  readonly ca: string;
  /** Starts it again where it was, after `kill`. */
  restart(): Promise<void>;
}

/** Who may use the broker that asks, by PLAIN as by SCRAM. */
export const kafkaUser = { username: "bridge", password: "a-password-that-nobody-may-see" } as const;

const clusterId = "AAAAAAAAAAAAAAAAAAAAAQ";
const javaArgs = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", join(kafkaJars, "*")];

export async function startKafka(): Promise<Kafka> {
  const folder = await serverFolder("kafka");
  const ports: Ports = {
    open: await freePort(),
    sasl: await freePort(),
    tls: await freePort(),
    controller: await freePort(),
  };
  const { cert, key } = await makeCertificate(folder, "DNS:localhost");
  await writeFile(join(folder, "keystore.pem"), key + cert);
  const config = join(folder, "server.properties");
  await writeFile(config, properties(folder, ports));
  const scram = `SCRAM-SHA-256=[name=${kafkaUser.username},password=${kafkaUser.password}]`;
  const format = ["format", "--standalone", "-t", clusterId, "-c", config, "-S", scram];
  await promisify(execFile)(findProgram("java") ?? "java", [
    ...javaArgs,
    "kafka.tools.StorageTool",
    ...format,
  ]);
  const start = (): Promise<Server> =>
    startServer({
      program: "java",
      args: ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", ...javaArgs, "kafka.Kafka", config],
      folder,
      isReady: accepts(ports.sasl),
    });
  let server = await start();
  return {
    broker: `127.0.0.1:${ports.open}`,
    saslBroker: `127.0.0.1:${ports.sasl}`,
    tlsBroker: `localhost:${ports.tls}`,
    ca: cert,
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: async () => {
      server = await start();
    },
  };
}

interface Ports {
  readonly open: number;
  readonly sasl: number;
  readonly tls: number;
  readonly controller: number;
}

const properties = (folder: string, { open, sasl, tls, controller }: Ports): string => `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listeners=OPEN://127.0.0.1:${open},SASL://127.0.0.1:${sasl},TLS://127.0.0.1:${tls},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=OPEN://127.0.0.1:${open},SASL://127.0.0.1:${sasl},TLS://localhost:${tls}
listener.security.protocol.map=OPEN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,CONTROLLER:PLAINTEXT
listener.name.tls.ssl.keystore.type=PEM
listener.name.tls.ssl.keystore.location=${join(folder, "keystore.pem")}
inter.broker.listener.name=OPEN
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${kafkaUser.username}="${kafkaUser.password}";
listener.name.sasl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs=${folder}/log
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
`;
