package import SystemPackage

/// Why a journal, or its slots, can't be used.
package enum JournalFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// Somebody else has this folder or file.
  case busy(String)
  /// There's no room for what this file is to hold. Nothing was written, and the same may be tried again.
  case full(String, Errno)
  /// Something of this file or folder couldn't be written, so nobody knows what the disk has: it isn't used any more by who got this.
  case broken(String, Errno)
  /// What was durable in this file isn't there as it was written: a clause says what.
  case corrupt(String, String)
  /// This file or folder can't be read.
  case unreadable(String, Errno)
  /// This file is in a format that isn't known here.
  case version(String, UInt32)

  /// The fault in words.
  package var description: String {
    switch self {
    case .busy(let path): "\(path): another process has it"
    case .full(let path, let error), .unreadable(let path, let error): "\(path): \("\(error)".lowercased())"
    case .broken(let path, let error): "\(path): writing failed (\("\(error)".lowercased())), and isn't tried again"
    case .corrupt(let path, let damage): "\(path): it's damaged: \(damage)"
    case .version(let path, let version): "\(path): it has format \(version), which this version doesn't know"
    }
  }
}

extension JournalFault {
  /// What's wrong with a file whose header can't be read.
  init(_ path: String, _ fault: FileHeader.Fault) {
    switch fault {
    case .damaged: self = .corrupt(path, "its header isn't there as it was written")
    case .version(let version): self = .version(path, version)
    }
  }
}

extension Errno {
  /// Whether there is no room for what was to be written: on the disk, or for one file more in the process or the machine.
  var meansFull: Bool { meansFullDisk || self == .tooManyOpenFiles || self == .tooManyOpenFilesInSystem }

  /// Whether there is no room on the disk.
  var meansFullDisk: Bool { self == .noSpace || self == .diskQuotaExceeded }
}
