import Agreement
import Balancing
import Fleet
import Model
import Testing

/// Overrides as a fleet's log holds them.
@Suite struct OverrideEncodingTests {
  static let noon = Timestamp(milliseconds: 1_800_000_000_000)

  static let leases: [Model.Lease] = [
    .drain, .maintain, .weight(Weight(nearest: 0.25) ?? 0), .remove,
    .add(AddedBackend(name: "b3", weight: 256, tier: 15, maxSessions: 7)),
    .add(AddedBackend(name: "b4", weight: 0, tier: 0)),
  ].enumerated().map { index, term in
    Model.Lease(
      pool: "web", endpoint: "10.0.0.\(index):80", term: term, author: "ann as root",
      reason: index == 0 ? nil : "new disk",
      since: noon, until: index == 1 ? nil : Timestamp(milliseconds: noon.milliseconds + 60_000),
      scope: .fleet(node: "lb1", position: 42))
  }

  private func override(_ lease: Model.Lease) -> FleetState.Override {
    FleetState.Override(key: lease.fleetKey, value: lease.fleetValue(on: "lb1"), setAt: 42)
  }

  @Test(arguments: leases) func aLeaseIsReadAsItWasWritten(_ lease: Model.Lease) throws {
    #expect(try Model.Lease(override(lease)) == lease)
  }

  @Test(arguments: leases) func whatIsCutOffOrLongerIsRefused(_ lease: Model.Lease) {
    let whole = override(lease)
    for count in whole.value.indices {
      var part = whole
      part.value = Array(whole.value.prefix(count))
      #expect(throws: DecodingFault.self) { try Model.Lease(part) }
    }
    var longer = whole
    longer.value.append(0)
    #expect(throws: DecodingFault.excess) { try Model.Lease(longer) }
    longer.value = [UInt8](repeating: 1, count: Model.Lease.mostBytes + 1)
    #expect(throws: DecodingFault.excess) { try Model.Lease(longer) }
  }

  @Test func whatCannotBeIsNamed() throws {
    var other = override(Self.leases[0])
    other.key = Self.leases[1].fleetKey
    #expect(throws: DecodingFault.unknown("key \(other.key)")) { try Model.Lease(other) }
    var later = override(Self.leases[0])
    later.value[0] = 2
    #expect(throws: DecodingFault.unknown("format 2 of an override")) { try Model.Lease(later) }
    var lease = Self.leases[0]
    lease.endpoint = "nowhere"
    #expect(throws: DecodingFault.unknown("address nowhere")) { try Model.Lease(override(lease)) }
    lease = Self.leases[4]
    lease.term = .add(AddedBackend(name: "b3", weight: 257, tier: 0))
    #expect(throws: DecodingFault.self) { try Model.Lease(override(lease)) }
  }

  @Test func keysAreInEachOthersPlaceAsLeasesAre() {
    var lease = Self.leases[0]
    let drain = lease.fleetKey
    lease.term = .maintain
    #expect(lease.fleetKey == drain)
    lease.term = .weight(3)
    #expect(lease.fleetKey != drain)
  }
}
