import Glibc

/// Small exchanges of the control plane: bytes in arrays, for where a copy costs nothing that matters.
extension Socket {
  /// Sends what it can of the bytes, which aren't empty.
  package func send(_ bytes: ArraySlice<UInt8>) -> Transfer {
    transfer {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  /// Reads to the start of the buffer, at most as many bytes as it has.
  package func receive(into buffer: inout [UInt8]) -> Transfer {
    transfer { unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) } }
  }
}
