import CZlib
import Sockets

/// In which form content goes over the line (RFC 9110, section 8.4).
package enum HTTPCoding: Hashable, Sendable {
  /// As it is.
  case identity
  /// Compressed by gzip (RFC 1952).
  case gzip
}

extension HTTPRequest {
  /// The form in which whoever asks wants content most, of those that there are (RFC 9110, section 12.5.3).
  package var coding: HTTPCoding {
    let accepted = headers.filter { $0.name.lowercased() == "accept-encoding" }.flatMap {
      $0.value.split(separator: ",")
    }
    let takesGzip = accepted.contains { entry in
      let parts = entry.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
      guard let coding = parts.first, coding == "gzip" || coding == "x-gzip" else { return false }
      // A weight of 0 says that it isn't wanted.
      return !parts.dropFirst().contains {
        $0.hasPrefix("q=0") && !$0.dropFirst(3).contains { ("1"..."9").contains($0) }
      }
    }
    return takesGzip ? .gzip : .identity
  }
}

extension HTTPResponse {
  /// Content of fewer bytes isn't worth it: it fits into one packet as it is.
  private static let worthwhile = 1400

  /// The same response with its content in this form, if that is worth it. It takes some milliseconds for each megabyte.
  package func coded(_ coding: HTTPCoding) -> HTTPResponse {
    // Whoever keeps it for others must know what it depends on.
    let headers = headers.filter { $0.name != "Vary" } + [("Vary", vary)]
    guard coding == .gzip, body.count >= Self.worthwhile, let compressed = Gzip.compress(body) else {
      return HTTPResponse(status: status, contentType: contentType, content: content, headers: headers)
    }
    return HTTPResponse(
      status: status, contentType: contentType, body: compressed, headers: headers + [("Content-Encoding", "gzip")])
  }

  private var vary: String {
    (headers.filter { $0.name == "Vary" }.map(\.value) + ["Accept-Encoding"]).joined(separator: ", ")
  }
}

/// The gzip format, by zlib.
private enum Gzip {
  /// The largest window, with gzip's head and tail around what is compressed (zlib.h, deflateInit2).
  private static let window: Int32 = 15 + 16
  private static let memory: Int32 = 8
  /// Half as small as possible in a tenth of the time.
  private static let level: Int32 = 3

  /// What is decompressed to these bytes; nil if there's no memory for it.
  static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = unsafe z_stream()
    guard
      unsafe deflateInit2_(
        &stream, level, Z_DEFLATED, window, memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { unsafe deflateEnd(&stream) }
    let most = unsafe Int(deflateBound(&stream, uLong(bytes.count)))
    var input = bytes
    let output = unsafe input.withUnsafeMutableBufferPointer { input in
      unsafe [UInt8](unsafeUninitializedCapacity: most) { output, count in
        unsafe stream.next_in = input.baseAddress
        unsafe stream.avail_in = uInt(input.count)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = uInt(most)
        count = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END ? most - Int(stream.avail_out) : 0
      }
    }
    return output.isEmpty ? nil : output
  }
}
