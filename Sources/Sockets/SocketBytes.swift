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

  /// Holds back the acknowledgement that ends TCP's handshake (TCP_QUICKACK off, tcp(7)), for a socket that is about to
  /// connect and is to be reset as soon as the peer's kernel has answered: the peer's program then never learns of it.
  package func holdHandshake() {
    // Where the kernel refuses, the program is woken for nothing, and that is all.
    try? setOption(Int32(IPPROTO_TCP), TCP_QUICKACK, 0)
  }
}
