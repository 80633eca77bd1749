/// Bytes that nobody is to see, such as a password that a health check sends.
package struct Secret: Equatable, Sendable {
  /// Where they stand.
  package enum Source: Hashable, Sendable {
    /// In the configuration itself.
    case configuration
    /// In the file with this absolute path.
    case file(String)
    /// In the service's credential with this name (systemd.exec(5), LoadCredential=).
    case credential(String)
  }

  /// What is kept secret.
  package let bytes: [UInt8]
  /// Where it stands.
  package let source: Source

  /// Bytes from somewhere.
  package init(_ bytes: [UInt8], from source: Source = .configuration) {
    self.bytes = bytes
    self.source = source
  }
}

// Whatever a secret gets into that is printed, it isn't.
extension Secret: CustomStringConvertible, CustomReflectable {
  /// Nothing of what it is.
  package var description: String { "(hidden)" }
  /// Nothing of it, for who prints it by reflection.
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Configuration {
  /// What the secrets hold that stand outside of the configuration, by what they're called in it: for a process that is to
  /// go on with what runs, whatever the files hold by now.
  package var secrets: [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for pool in pools {
      guard case .script(let script) = pool.health.check, let key = script.send.source.key else { continue }
      result[key] = script.send.bytes
    }
    return result
  }
}

extension Secret.Source {
  /// What tells it from others in a handover; nil for what stands in the configuration.
  var key: String? {
    switch self {
    case .configuration: nil
    case .file(let path): "file \(path)"
    case .credential(let name): "credential \(name)"
    }
  }
}

/// How a configuration comes by secrets that stand outside of it.
package enum SecretReading: Sendable {
  /// They have to be there.
  case required
  /// Those that can't be read are told of: somebody else will read them, such as the service.
  case ifThere
  /// These are known; others have to be there.
  case known([String: [UInt8]])
}
