const mask = "***";

const anywhere =
  "pass[-_ ]?w(?:or)?d|passphrase|secret|token|credential|(?:private|access|api|account|shared|session|master|license|ssh|psk|enc|encrypt(?:ion)?|signing)[-_ ]?key|(?:auth|verify|verification)[-_ ]?code|session[-_ ]?id|authorization|cookie|密码|口令|密钥|令牌";
const lastWord =
  "pass|passwd|pwd|pw|psw|pswd|ak|sk|psk|pin|jwt|otp|creds?|keytab|bearer|signature|mima|(?:root|user|admin|db|master|require|login|old|new)(?:pass|pwd|pw|auth)";

const secretName = new RegExp(`${anywhere}|(?:^|[^a-z])(?:${lastWord})\\d*$`);

/** Whether a parameter's name suggests a secret: `password`, `newPwd`, `kafka_private_key`, `sk`. */
export const isSecretName = (name: string): boolean =>
  secretName.test(inLowerCase.test(name) ? name : inWords(name.normalize("NFKC")));

const inLowerCase = /^[a-z\d_-]*$/;

/** Converts `newPwd` to `new_pwd`, `AWSSecretKey` to `aws_secret_key`. */
const inWords = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();

/**
 * Matches a word before `=` or `:`. Each word is scanned once from its beginning: two open-ended runs around the name
 * would take cubic time.
 */
const pairHead = /(?<![\p{L}\p{N}_-])([\p{L}\p{N}_-]{1,256})[\\"']{0,8}\s*[=:]\s*/gu;
/** Quoted, or up to the next blank or punctuation mark; keeps the scheme of a header's credential. */
const pairValue =
  /((?:(?:bearer|basic|digest|token)\s+)?(\\{0,8}["'])?)(?:(?<=["'])(?:(?!\2)[^\r\n]){0,4096}(?=\2)|[^\s,;&"'\\]+)/iuy;

/** Command-line flags: `--password hunter2`. */
const flag = /(?<![\w-])(--?)([a-z][a-z\d-]{1,60})(\s+[\\"']{0,8})(?!-)([^\s"',;\\]+)/gi;

/** Patterns of secrets, with their replacements. */
const shapes: readonly (readonly [shape: RegExp, instead: string])[] = [
  [/-----BEGIN [A-Z\d ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----[\s\S]*?(?:-----END [A-Z\d ]{1,60}-----|$)/g, mask],
  // Password in a URI. Digits up to a slash are a port.
  [
    /\b([a-z][a-z\d+.-]{1,20}:\/\/[^\s/?#:@"'<>]{0,200}:)(?!\d{1,5}(?:[/?#]|$))[^\s"'<>,]{1,500}@(?=[^\s@]|$)/gi,
    `$1${mask}@`,
  ],
  // Token in place of a user; `git@` of other protocols is a name.
  [/\b(https?:\/\/)[^\s/?#:@"'<>]{8,200}@(?=[^\s@]|$)/gi, `$1${mask}@`],
  [/(<(?:[\w-]{1,40}:)?[\w-]{0,40}(?:passw(?:or)?d|secret|token)>)[^<\r\n]{1,4096}(?=<\/)/gi, `$1${mask}`],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${mask}`],
  [/\b(cookie\s*:\s*)[^\r\n"']+/gi, `$1${mask}`],
  // Parameters of signed URLs, and webhooks whose path is the secret.
  [/([?&](?:sig|key|code|x-amz-signature|signature)=)[^\s&"'<>#]+/gi, `$1${mask}`],
  [/(\/services\/|\/api\/webhooks\/|\/open-apis\/bot\/v2\/hook\/|\/bot(?=\d+:))[\w/:-]{8,}/g, `$1${mask}`],
  // JWT; AWS; GitHub; Slack; GitLab; Stripe; Google; npm, PyPI, SendGrid, Standard Webhooks; OpenAI and others' sk-.
  [/\beyJ[\w-]{6,}\.[\w-]+\.?[\w-]*/g, mask],
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z\d]{16}\b/g, mask],
  [/\b(?:gh[opsur]_\w{16,}|github_pat_\w{20,})/g, mask],
  [/\b(?:xox[a-z](?:\.xox[a-z])?-|xapp-)[\w-]{8,}/g, mask],
  [/\bgl(?:pat|dt|rt|cbt|ptt|soat|ft|imt|agent)-[\w.-]{16,}/g, mask],
  [/\b(?:sk|rk|pk)_(?:live|test)_\w{10,}/g, mask],
  [/\b(?:AIza[\w-]{30,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{20,})/g, mask],
  [
    /\b(?:npm_\w{30,}|pypi-[\w-]{30,}|SG\.[\w-]{10,}\.[\w-]{10,}|whsec_[\w+/=]{20,}|hf_\w{20,}|dop_v1_\w{30,})/g,
    mask,
  ],
  [/\bsk-[\w-]{20,}/g, mask],
];

/** Ids, addresses and numbers, as most parameters are: no shape of a secret has these characters alone. */
const plain = /^[\da-f.-]*$/i;

/** Masks secrets in text: well-known formats, and the values of names that suggest secrets. */
export function maskProse(text: string): string {
  // Benchmark `first-read`: a twentieth of its CPU time.
  if (plain.test(text)) return text;
  const known = shapes.reduce((masked, [shape, instead]) => masked.replace(shape, instead), text);
  return maskPairs(known).replace(flag, maskFlag);
}

function maskPairs(text: string): string {
  let masked = "";
  let done = 0;
  for (const { index, 0: head, 1: name = "" } of text.matchAll(pairHead)) {
    pairValue.lastIndex = index + head.length;
    if (index < done || !isSecretName(name)) continue;
    const value = pairValue.exec(text);
    if (value === null) continue;
    masked += `${text.slice(done, value.index)}${value[1] ?? ""}${mask}`;
    done = pairValue.lastIndex;
  }
  return masked + text.slice(done);
}

const maskFlag = (whole: string, dashes: string, name: string, blank: string): string =>
  isSecretName(name) ? `${dashes}${name}${blank}${mask}` : whole;
