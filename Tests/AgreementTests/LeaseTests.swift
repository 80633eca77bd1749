import Agreement
import Testing

@Suite struct LeaseTests {
  @Test func anOwnerStopsBeforeOthersBegin() {
    let sent = Moment(nanoseconds: 5_000_000_000)
    #expect(Lease(term: .seconds(4)).end(sentAt: sent) == sent + .milliseconds(3_900))
    // Two clocks that differ by 500 ppm each, in a very long term.
    #expect(Lease(term: .seconds(600)).margin == .milliseconds(600))
  }

  /// The kernel's whole seconds and its lateness lie within the lease.
  @Test func theKernelEndsFirst() {
    let now = Moment(nanoseconds: 77)
    #expect(KernelLifetime.seconds(until: now + .milliseconds(3_900), at: now, .alone) == 3)
    #expect(KernelLifetime.seconds(until: now + .milliseconds(2_900), at: now, .alone) == 2)
    #expect(KernelLifetime.seconds(until: now + .milliseconds(3_900), at: now, .shared) == 2)
    #expect(KernelLifetime.seconds(until: now + .milliseconds(1_499), at: now, .alone) == nil)
    #expect(KernelLifetime.seconds(until: .start, at: now, .alone) == nil)
  }
}
