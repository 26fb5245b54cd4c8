// Sealing a ballot of a secret vote on the phone: HPKE in base mode (RFC 9180: X25519,
// HKDF-SHA256, AES-128-GCM) from WebCrypto alone. What is sealed here nobody on the way can
// read, the server included, until the vote is closed.

const encoder = new TextEncoder();
const LABEL = encoder.encode("tongxing-ballot-1");
const VERSION = encoder.encode("HPKE-v1");
const KEM = Uint8Array.of(...encoder.encode("KEM"), 0, 0x20);
const SUITE = Uint8Array.of(...encoder.encode("HPKE"), 0, 0x20, 0, 1, 0, 1);
const NONE = new Uint8Array(0);

/** Say whether this phone can seal; one that cannot sends its choice with the receipt. */
export async function canSeal() {
  try {
    await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
    return true;
  } catch {
    return false;
  }
}

/** 128 random bits that belong to one ballot: keep them, they are in the published result. */
export function newReceipt() {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

/**
 * Seal a ballot.
 *
 * `vote` is what the server says of it: `id`, `options`, `publicKey`, `questionDigest`.
 * `choice` is a list of option keys, in order where options are ranked, or `["abstain"]`.
 * Returns base64, for the member `sealed` of the ballot. Sealing the same ballot twice gives
 * two different boxes of the same length; whatever is chosen, the length is the same.
 */
export async function seal(vote, choice, receipt) {
  const recipient = bytes(vote.publicKey);
  const info = join(LABEL, bytes(vote.id.replaceAll("-", "")), bytes(vote.questionDigest));
  const own = await crypto.subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]);
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const theirs = await crypto.subtle.importKey("raw", recipient, { name: "X25519" }, false, []);
  const dh = await crypto.subtle.deriveBits(
    { name: "X25519", public: theirs }, own.privateKey, 256);

  const shared = await expand(KEM, await extract(KEM, NONE, "eae_prk", new Uint8Array(dh)),
    "shared_secret", join(enc, recipient), 32);
  const context = join(Uint8Array.of(0), await extract(SUITE, NONE, "psk_id_hash", NONE),
    await extract(SUITE, NONE, "info_hash", info));
  const secret = await extract(SUITE, shared, "secret", NONE);
  const key = await crypto.subtle.importKey("raw",
    await expand(SUITE, secret, "key", context, 16), "AES-GCM", false, ["encrypt"]);
  const iv = await expand(SUITE, secret, "base_nonce", context, 12);
  const inside = plain(vote.options.map((option) => option.key), choice, receipt);
  const box = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, inside);
  return btoa(String.fromCharCode(...join(enc, new Uint8Array(box))));
}

/**
 * What binds a unit to who may vote for it: compare it with the `commitment` the server told
 * you, which is in the published result. `unit` has `salt`, `refId` and `voterIds`.
 */
export async function commitment(unit) {
  const lines = [unit.salt, unit.refId, ...[...unit.voterIds].sort()];
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256",
    encoder.encode(lines.join("\n")))));
}

/** JSON, padded with spaces to the one length that all ballots of the vote have. */
function plain(keys, choice, receipt) {
  const fullest = write([...keys, "abstain"], "0".repeat(32));
  const length = Math.ceil(fullest.length / 64) * 64;
  const ballot = write(choice, receipt);
  if (ballot.length > length) throw new RangeError("more than a ballot of this vote can say");
  const padded = new Uint8Array(length).fill(0x20);
  padded.set(ballot);
  return padded;
}

function write(choice, receipt) {
  return encoder.encode(JSON.stringify({ choice, receipt }));
}

async function extract(suite, salt, label, input) {
  // An HMAC key of zeros is the empty key, which WebCrypto does not take.
  return hmac(salt.length ? salt : new Uint8Array(32),
    join(VERSION, suite, encoder.encode(label), input));
}

/** At most 32 octets, so that one block is enough. */
async function expand(suite, secret, label, info, length) {
  const told = join(Uint8Array.of(0, length), VERSION, suite, encoder.encode(label), info);
  return (await hmac(secret, join(told, Uint8Array.of(1)))).slice(0, length);
}

async function hmac(secret, message) {
  const key = await crypto.subtle.importKey("raw", secret,
    { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

function bytes(digits) {
  return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
}

function hex(octets) {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
