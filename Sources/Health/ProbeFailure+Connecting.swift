package import Balancing
import Glibc
package import SystemPackage

extension ProbeFailure {
  /// What an error of connect(2) means for the backend.
  package static func connecting(_ error: Errno, isTCP: Bool) -> (Kind, String) {
    switch error {
    case .permissionDenied where isTCP, .notPermitted where isTCP:
      (.localResource, "not checked, this machine doesn't allow it: \(error)")
    // What connections were to leave by (SO_BINDTODEVICE, socket(7)).
    case Errno(rawValue: ENODEV): (.localResource, "not checked, this machine has no such interface: \(error)")
    case .connectionRefused: (.refused, "connection refused")
    case .noSuchFileOrDirectory: (.refused, "there is no such socket file")
    // The backlog of a Unix socket is full.
    case .resourceTemporarilyUnavailable where !isTCP: (.refused, "no place in the socket's backlog")
    case .connectionReset, .connectionAbort: (.reset, "reset while connecting")
    case .timedOut: (.timeout, "no connection: \(error)")
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory, .addressNotAvailable,
      .resourceTemporarilyUnavailable:
      (.localResource, "not checked, this machine lacks resources: \(error)")
    // Networks and hosts that can't be reached, by the word of a router or of this machine, whatever its reason.
    default: (.unreachable, "no connection: \(error)")
    }
  }
}
