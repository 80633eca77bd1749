package import Sockets
package import SystemPackage

/// Why an address couldn't be taken, in words for who has chosen it.
package struct BindFailure {
  private let address: SocketAddress
  private let error: Errno
  private let occupant: UnixSocketFile.Occupant

  /// An error as it came from the kernel. What is at the path of a Unix socket is looked at now.
  package init(_ error: Errno, at address: SocketAddress) {
    self.error = error
    self.address = address
    occupant = if case .unix(let path) = address { UnixSocketFile.occupant(of: path) } else { .nobody }
  }

  /// Whether another process listens there.
  package var isTaken: Bool {
    if case .stranger = occupant { false } else { error == .addressInUse }
  }

  /// What failed, such as `0.0.0.0:8080: address already in use`.
  package var problem: String {
    guard error == .addressInUse, case .stranger(let kind) = occupant else {
      return "\(address): \(error.description.lowercased())"
    }
    return "\(address): there is \(kind)"
  }

  /// What helps; nil where only who has chosen the address can say.
  package var hint: String? {
    if case .unix(let path) = address { return hint(path) }
    return switch error {
    case .addressInUse: "another process listens there: stop it or choose another address; `ss -ltnp` shows who it is"
    case .permissionDenied: "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
    case .addressFamilyNotSupported where address.isAny:
      "this kernel has no IPv6: write \"0.0.0.0:\(address.port ?? 0)\" for all IPv4 addresses"
    case .addressFamilyNotSupported: "this kernel has no IPv6: choose an IPv4 address"
    case .addressNotAvailable:
      "the address isn't one of this machine's: `ip address` lists them; \"freebind\": true binds one that comes later"
    default: nil
    }
  }

  private func hint(_ path: String) -> String? {
    switch (error, occupant) {
    case (.addressInUse, .stranger): "it isn't a socket, so it was left alone: remove it or choose another path"
    case (.addressInUse, _):
      "another process listens there: stop it or choose another path; `ss -lxp src \(path)` shows who it is"
    case (.permissionDenied, _), (.notPermitted, _): "this user may not make a file in the socket's folder"
    case (.readOnlyFileSystem, _): "the folder can't be written to: choose another path"
    case (.noSuchFileOrDirectory, _), (.notDirectory, _): "the folder of the socket doesn't exist"
    default: nil
    }
  }
}
