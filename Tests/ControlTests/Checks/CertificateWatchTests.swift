import TLS
import Testing

@testable import Control

@Suite struct CertificateWatchTests {
  private let day = 86_400

  private func facts(_ end: Int) -> CertificateFacts {
    CertificateFacts(subject: "CN=a", names: "DNS:a", issuer: "CN=b", end: end)
  }

  @Test("its end is told 14, 3 and 1 days before and when it has come, once each, and of a new one again")
  func steps() {
    var watch = CertificateWatch()
    let (end, now) = (100 * day, { (days: Double) in 100 * day - Int(days * 86_400) })
    let told = [30, 14.5, 14, 13, 3.5, 2.9, 2.8, 1.5, 0.9, 0.5, 0, -1, -2].map {
      watch.look(at: facts(end), now: now($0))
    }
    let words: [String?] = [
      nil, nil, "ends in 14 days", nil, nil, "ends in 2 days", nil, nil, "ends within a day", nil, "has ended", nil,
      nil,
    ]
    #expect(told == words)
    #expect(watch.look(at: facts(end + 90 * day), now: end) == nil)
    #expect(watch.look(at: facts(end + 10 * day), now: end) == "ends in 10 days")
    #expect(watch.look(at: facts(end), now: end) == "has ended")
  }

  @Test("who takes over doesn't tell again what was told, and the next step still")
  func restored() {
    var watch = CertificateWatch()
    watch.restore(facts(10 * day), now: 0)
    #expect(watch.facts == facts(10 * day) && watch.look(at: facts(10 * day), now: day) == nil)
    #expect(watch.look(at: facts(10 * day), now: 8 * day) == "ends in 2 days")
    watch.restore(nil, now: 0)
    #expect(watch.facts != nil)
  }
}
