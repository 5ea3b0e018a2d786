import { nkeys } from "@nats-io/nats-core";

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** A server's configuration in operator mode, with a user's credentials file and one that nobody has signed for it. */
export function operatorMode() {
  const [operator, system, account] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const unlimited = ["subs", "data", "payload", "conn", "leaf", "imports", "exports"].map((name) => [
    name,
    -1,
  ]);
  const accountClaims = { type: "account", limits: { ...Object.fromEntries(unlimited), wildcards: true } };
  const preloaded = [system, account].map((pair) => [
    pair.getPublicKey(),
    token(pair, accountClaims, operator),
  ]);
  return {
    config: `
operator: ${token(operator, { type: "operator" }, operator)}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${preloaded.map(([key, jwt]) => `${key}: ${jwt}`).join("\n")} }
`,
    credentials: credentialsOf(account),
    foreign: credentialsOf(nkeys.createAccount()),
  };
}

function credentialsOf(account: KeyPair): string {
  const user = nkeys.createUser();
  const jwt = token(user, { type: "user", subs: -1, data: -1, payload: -1 }, account);
  const seed = new TextDecoder().decode(user.getSeed());
  const part = (name: string, text: string) => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
  return `${part("NATS USER JWT", jwt)}\n${part("USER NKEY SEED", seed)}`;
}

/** A JWT as NATS wants it: signed with the issuer's nkey. */
function token(subject: KeyPair, claims: object, issuer: KeyPair): string {
  const head = { typ: "JWT", alg: "ed25519-nkey" };
  const body = {
    jti: subject.getPublicKey(),
    iat: 1_767_225_600,
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: "test",
    nats: { ...claims, version: 2 },
  };
  const text = [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString("base64url")}`;
}
