// Addresses a health check must never reach: link-local ones and the metadata services of the clouds (SSRF).
import { BlockList, isIP } from 'node:net';

const FORBIDDEN = new BlockList();
// Link-local; 169.254.169.254 and its neighbours are the metadata services of AWS, Azure, Google, DigitalOcean, Oracle.
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4'); // Alibaba
FORBIDDEN.addAddress('168.63.129.16', 'ipv4'); // Azure's host
FORBIDDEN.addAddress('192.0.0.192', 'ipv4'); // Oracle
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6'); // AWS
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6'); // Google
// The same, written as IPv6: NAT64 (RFC 6052) and IPv4-compatible.
FORBIDDEN.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
FORBIDDEN.addSubnet('::a9fe:0', 112, 'ipv6');

/** True where the IP address must not be connected to. IPv4-mapped IPv6 addresses count as the IPv4 ones. */
export function isForbidden(address: string): boolean {
  const bare = address.split('%', 1)[0] ?? address;
  const family = isIP(bare);
  return family !== 0 && FORBIDDEN.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}
