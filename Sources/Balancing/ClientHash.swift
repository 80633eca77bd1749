/// The hash that `source-hash` goes by: the same in every run and on every machine, so that proxies side by side and a
/// proxy after its restart send a client to the same backend.
///
/// FNV-1a over the bytes (draft-eastlake-fnv), then a finalizer, since FNV alone leaves the high bits of short inputs,
/// such as an IPv4 address, alike. It doesn't withstand a client who can choose among addresses at will.
package enum ClientHash {
  /// Hashes a client's address in network order, without the port.
  @inlinable
  package static func of(bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    return SplitMix64.mix(hash)
  }
}
