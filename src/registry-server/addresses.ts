// Addresses a health check must never reach: link-local ones and the metadata services of the clouds (SSRF).
import { BlockList, isIP } from 'node:net';

const FORBIDDEN = new BlockList();
// Link-local; 169.254.169.254 and its neighbours are the metadata services of AWS, Azure, Google, DigitalOcean, Oracle.
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4'); // Alibaba
FORBIDDEN.addAddress('168.63.129.16', 'ipv4'); // Azure's host
FORBIDDEN.addAddress('192.0.0.192', 'ipv4'); // Oracle
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6'); // AWS
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6'); // Google

/** Prefixes (leading 16-bit groups) behind which an IPv4 address stands, and the bit at which it begins. */
const EMBEDDINGS: readonly (readonly [prefix: readonly number[], bits: readonly number[]])[] = [
  [[0, 0, 0, 0, 0, 0], [96]], // IPv4-compatible
  [[0, 0, 0, 0, 0, 0xffff], [96]], // IPv4-mapped
  [[0, 0, 0, 0, 0xffff, 0], [96]], // IPv4-translated, SIIT (RFC 2765)
  [[0x64, 0xff9b, 0, 0, 0, 0], [96]], // NAT64 (RFC 6052)
  [
    [0x64, 0xff9b, 1],
    [48, 56, 64, 96],
  ], // NAT64 of one's own (RFC 8215), whatever the length of its prefix
  [[0x2002], [16]], // 6to4
];

/** The eight 16-bit groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser writes a dotted tail as two groups, too.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return groups(head);
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** The IPv4 addresses that an IPv6 address may stand for. */
function embedded(address: string): string[] {
  const groups = groupsOf(address);
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]);
  return EMBEDDINGS.flatMap(([prefix, starts]) => {
    if (!prefix.every((group, i) => groups[i] === group)) return [];
    return starts.map((bit) => {
      // RFC 6052, section 2.2: bits 64 to 71 are skipped.
      const rest = bit >= 48 && bit < 96 ? bytes.filter((_, i) => i !== 8) : bytes;
      return rest.slice(bit / 8, bit / 8 + 4).join('.');
    });
  });
}

/** True where the IP address must not be connected to; IPv4 inside IPv6 counts as IPv4. */
export function isForbidden(address: string): boolean {
  const bare = address.split('%', 1)[0] ?? address;
  const family = isIP(bare);
  if (family === 0) return false;
  if (family === 4) return FORBIDDEN.check(bare, 'ipv4');
  return FORBIDDEN.check(bare, 'ipv6') || embedded(bare).some((ipv4) => FORBIDDEN.check(ipv4, 'ipv4'));
}
