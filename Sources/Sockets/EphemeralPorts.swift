/// The local ports that the kernel gives to outgoing connections (net.ipv4.ip_local_port_range, ip(7)).
package enum EphemeralPorts {
  /// The range as it was when the process first asked; Linux's default where it can't be read.
  package static let range: ClosedRange<UInt16> = {
    let fallback: ClosedRange<UInt16> = 32768...60999
    guard let text = SmallFile.read("/proc/sys/net/ipv4/ip_local_port_range") else { return fallback }
    let bounds = text.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
    return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : fallback
  }()
}
