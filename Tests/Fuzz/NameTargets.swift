import Sockets

@testable import Names

extension FuzzTarget {
  static let names = [
    FuzzTarget(
      "resolv-conf",
      texts: [
        "nameserver 10.0.0.53\nnameserver ::1%lo\nsearch a.corp b.corp.\noptions ndots:5 rotate use-vc no-aaaa\n",
        "domain a\n; comment\n#\noptions ndots:-1 ndots:99999999999999999999\n",
      ]
    ) { text in
      let settings = SystemSettings(text, domain: "") { _ in nil }
      precondition(!settings.nameservers.isEmpty, "nobody is asked")
      precondition(!settings.search.candidates(for: "web").isEmpty, "no name is asked for")
      precondition(!settings.search.candidates(for: text).isEmpty, "no name is asked for")
    },
    FuzzTarget("hosts", texts: ["127.0.0.1 localhost a # b\n::1\tlocalhost\n\n10.0.0.300 a"]) { text in
      _ = HostsFile.addresses(of: "a", in: text)
    },
    FuzzTarget(
      "dns-answer",
      seeds: [
        [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0x61, 0, 0, 1, 0, 1]
          + [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1],
        [0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0x61, 0, 0, 28, 0, 1] + [
          0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 3, 1, 0x62, 0,
        ]
          + [1, 0x62, 0, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16] + [UInt8](repeating: 1, count: 16),
      ]
    ) { bytes in
      var bytes = bytes
      for family in [AddressFamily.ipv4, .ipv6] {
        let count = Int32(bytes.count)
        _ = bytes.withUnsafeMutableBufferPointer { Record(status: 0, answer: $0.baseAddress, length: count, family) }
      }
    },
  ]
}
