import Agreement
import Testing

@testable import Fleet

/// What is said to etcd and by it, as bytes.
@Suite struct EtcdMessageTests {
  private let keys = EtcdKeys(root: "/martlet/edge/")

  private func version(_ bits: UInt64) -> StoreVersion { StoreVersion(bits: bits) }

  private func text(_ request: EtcdRequest?) -> String {
    request.map { String(decoding: $0.content, as: UTF8.self) } ?? "none"
  }

  @Test("base64 is what RFC 4648 has, and nothing else")
  func base64() {
    for (plain, text) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ] {
      #expect(String(decoding: Base64.text(plain.utf8), as: UTF8.self) == text)
      #expect(Base64.bytes(Array(text.utf8)[...]).map { String(decoding: $0, as: UTF8.self) } == plain)
    }
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    #expect(Base64.bytes(Base64.text(bytes)[...]) == bytes)
    for text in ["Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "=Zg=", "Zm9v\n", "Zm-_", "Zm8é"] {
      #expect(Base64.bytes(Array(text.utf8)[...]) == nil, "\(text)")
    }
  }

  @Test("a write of several keys is one transaction")
  func transaction() {
    let request = keys.request(
      for: .write([.create(.entry(1), [1, 2]), .set(.head, version(7), [3]), .delete(.owner("web"), version(5))]))
    #expect(
      text(request)
        == #"{"compare":[{"key":"L21hcnRsZXQvZWRnZS9sb2cvbi0wMDAwMDAwMDAwMDAwMDAwMDAwMQ==","target":"CREATE","result":"EQUAL","create_revision":"0"},"#
        + #"{"key":"L21hcnRsZXQvZWRnZS9sb2cvaGVhZA==","target":"MOD","result":"EQUAL","mod_revision":"7"},"#
        + #"{"key":"L21hcnRsZXQvZWRnZS9vd25lcnMvd2Vi","target":"MOD","result":"EQUAL","mod_revision":"5"}],"success":["#
        + #"{"request_put":{"key":"L21hcnRsZXQvZWRnZS9sb2cvbi0wMDAwMDAwMDAwMDAwMDAwMDAwMQ==","value":"AQI="}},"#
        + #"{"request_put":{"key":"L21hcnRsZXQvZWRnZS9sb2cvaGVhZA==","value":"Aw=="}},"#
        + #"{"request_delete_range":{"key":"L21hcnRsZXQvZWRnZS9vd25lcnMvd2Vi"}}]}"#)
  }

  @Test("what is written to one key twice is one part, or can't come about")
  func oneKey() {
    let path = keys.path(.head)
    let gone = StoreWrite(.head, expecting: .anything, .delete)
    for (writes, expected) in [
      ([.delete(.head, version(4)), .create(.head, [2])], EtcdWrite(key: path, expecting: .revision(4), value: [2])),
      ([.create(.head), gone], EtcdWrite(key: path, expecting: .nothing, value: nil)),
      ([gone, .create(.head, [3])], EtcdWrite(key: path, expecting: .something, value: [3])),
      ([.create(.head), .create(.head)], nil), ([.set(.head, version(4), []), .set(.head, version(4), [])], nil),
      ([.delete(.head, version(4)), gone], nil), ([.delete(.head, version(4)), .set(.head, version(4), [])], nil),
    ] as [([StoreWrite], EtcdWrite?)] {
      #expect(keys.request(for: .write(writes)) == expected.map { .write([$0]) })
    }
  }

  @Test("a version that etcd never gives is nobody's", arguments: [0, 1 << 63, UInt64.max])
  func versions(_ bits: UInt64) {
    #expect(keys.request(for: .write([.set(.head, version(bits), [1])])) == nil)
  }

  @Test("what a gateway leaves out is empty, or wasn't so")
  func leftOut() throws {
    let read = EtcdRequest.read("/a", isLinearizable: true)
    let answer = { (request: EtcdRequest, text: String) in try request.answer(200, Array(text.utf8)).answer }
    #expect(try answer(read, #"{"header":{"revision":"2"}}"#) == .absent)
    #expect(
      try answer(read, #"{"header":{},"kvs":[{"key":"L2E=","mod_revision":"5"}]}"#) == .value([], revision: 5))
    let write = EtcdRequest.write([])
    #expect(try answer(write, #"{"header":{"revision":"2"}}"#) == .refused)
    for text in [
      "", "{}", "null", #"{"header":{"revision":"9223372036854775807"}}"#, #"{"header":{"revision":"-1"}}"#,
      #"{"kvs":[]}"#, #"{"header":{},"kvs":[{"key":"L2I=","mod_revision":"5"}]}"#,
      #"{"header":{},"kvs":[{"key":"L2E="}]}"#, #"{"header":{},"kvs":[{"key":"L2E=","mod_revision":"0"}]}"#,
      #"{"header":{},"kvs":[{"key":"L2E=","mod_revision":"5","value":"?"}]}"#, #"{"header":{}}{"header":{}}"#,
      #"{"header":{},"#, #"{"header" {}}"#, #"{"header":{}],"#, #"{"header":nan}"#, "{\"header\":\"\u{1}\"}",
    ] {
      #expect(throws: EtcdJSON.Fault.self, "\(text)") { try answer(read, text) }
    }
  }

  @Test("what is told of keys is by line")
  func news() throws {
    let news = { (text: String) in try EtcdNews(Array(text.utf8)) }
    #expect(try news(#"{"result":{"header":{"revision":"1"},"created":true}}"#) == .begun)
    #expect(
      try news(
        #"{"result":{"events":[{"kv":{"key":"L2E=","mod_revision":"4"}},{"type":"DELETE","kv":{"key":"L2E=","mod_revision":"5"}}]}}"#
      ) == .changed(["/a": 5]))
    #expect(try news(#"{"result":{"canceled":true,"compact_revision":"4"}}"#) == .over(compacted: 4))
    #expect(try news(#"{"error":{"grpc_code":16,"message":"x"}}"#) == .over(compacted: nil))
    for text in ["{}", #"{"result":{"events":[{}]}}"#, #"{"result":{"events":[{"kv":{"key":"L2E="}}]}}"#] {
      #expect(throws: EtcdJSON.Fault.self, "\(text)") { try news(text) }
    }
  }
}
