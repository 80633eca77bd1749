import FoundationEssentials
import Testing

@testable import Model

/// What operators say at run time of who may come in.
@Suite struct AdmissionLeaseTests {
  private func lease(
    _ range: String, _ verdict: AdmissionLease.Verdict = .deny, at listener: String? = nil, since: Int = 0,
    until: Int? = nil
  ) -> AdmissionLease {
    AdmissionLease(
      range: range, verdict: verdict, listener: listener, author: "ann", since: Timestamp(milliseconds: since),
      until: until.map { Timestamp(milliseconds: $0) })
  }

  @Test("one about the same range at the same listener takes the place of the earlier one")
  func places() {
    var book = OverrideBook()
    book.take(lease("10.0.0.0/8"))
    #expect(book.take(lease("10.0.0.0/8", at: "a")) == nil)
    #expect(book.take(lease("10.0.0.0/8", .allow, since: 1)) == lease("10.0.0.0/8"))
    #expect(book.admissions == [lease("10.0.0.0/8", at: "a"), lease("10.0.0.0/8", .allow, since: 1)])
    #expect(book.endAdmission(of: "10.0.0.0/8", at: "b") == nil)
    #expect(book.endAdmission(of: "10.0.0.0/8", at: "a") == lease("10.0.0.0/8", at: "a"))
    #expect(book.admissions.count == 1)
  }

  @Test func time() {
    var book = OverrideBook()
    book.take(lease("10.0.0.0/8", until: 20))
    book.take(lease("10.1.0.0/16"))
    #expect(book.nextEnd?.milliseconds == 20)
    #expect(book.expireAdmissions(at: Timestamp(milliseconds: 19)).isEmpty)
    #expect(book.expireAdmissions(at: Timestamp(milliseconds: 20)) == [lease("10.0.0.0/8", until: 20)])
    #expect(book.admissions == [lease("10.1.0.0/16")])
  }

  @Test("it's written with the others, and a book without them is read")
  func written() throws {
    var book = OverrideBook()
    book.take(lease("10.0.0.0/8", at: "a", until: 20))
    let text = try JSONEncoder().encode(book)
    #expect(try JSONDecoder().decode(OverrideBook.self, from: text) == book)
    #expect(try JSONDecoder().decode(OverrideBook.self, from: Data(#"{"leases":[]}"#.utf8)) == OverrideBook())
    // It's this node's, whatever a fleet has agreed on.
    #expect(book.layer(.node) == book && book.layer(.fleet) == OverrideBook())
  }

  @Test("what another process has changed is made here, unless something newer was said here")
  func merging() {
    var before = OverrideBook()
    before.take(lease("10.0.0.0/8"))
    before.take(lease("10.1.0.0/16"))
    var (there, here) = (before, before)
    there.endAdmission(of: "10.0.0.0/8", at: nil)
    there.take(lease("10.2.0.0/16", since: 5))
    there.take(lease("10.3.0.0/16", since: 5))
    here.take(lease("10.3.0.0/16", .allow, since: 6))
    let missing = here.missing(of: there.changes(since: before))
    #expect(missing.letIn == [lease("10.2.0.0/16", since: 5)])
    #expect(missing.letInEnded == [lease("10.0.0.0/8")])
    #expect(!missing.isEmpty && here.changes(since: here).isEmpty)
  }
}
