import Sockets
import Testing

@testable import Doors

@Suite struct AdminAccessTests {
  private func role(_ uid: UInt32, _ gid: UInt32, _ groups: Set<UInt32> = [], mode: UInt32 = 0o660) -> AdminAccess.Role
  {
    let access = AdminAccess(owner: (100, 200), mode: mode, readers: ("adm", 300))
    return access.role(of: PeerCredentials(pid: 1, uid: uid, gid: gid, groups: groups))
  }

  @Test("who may write by the mode may do everything, one class deciding; of the others the readers may look")
  func roles() {
    #expect(role(0, 0) == .all && role(100, 1) == .all && role(5, 200) == .all && role(5, 1, [200]) == .all)
    #expect(role(5, 300) == .looking && role(5, 1, [7, 300]) == .looking)
    #expect(role(5, 1) == .nothing)
    #expect(role(5, 1, [200, 300]) == .all, "who is in both isn't held back")
    #expect(role(100, 200, mode: 0o060) == .nothing, "the owner's class decides, as for a file")
    #expect(role(5, 200, mode: 0o600) == .nothing && role(5, 200, [300], mode: 0o600) == .looking)
    #expect(role(5, 1, mode: 0o666) == .all && role(0, 0, mode: 0) == .all)
    #expect(AdminAccess(owner: (100, 200), mode: 0o666, readers: ("adm", 300)).role(of: nil) == .nothing)
  }

  @Test("a refusal says who may not do what, and what to do about it")
  func refusals() throws {
    let access = AdminAccess(owner: (100, 200), mode: 0o660, readers: ("adm", 300))
    let (reader, stranger) = (PeerCredentials(pid: 1, uid: 5, gid: 300), PeerCredentials(pid: 1, uid: 6, gid: 6))
    func refusal(_ peer: PeerCredentials, isLooking: Bool) -> AdminRefusal? {
      do throws(AdminRefusal) {
        try access.check(peer, author: "ann", isLooking: isLooking, what: "POST /v1/overrides")
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal(reader, isLooking: true) == nil)
    let change = try #require(refusal(reader, isLooking: false))
    #expect(change.status == 403 && change.problem.error.hasPrefix("ann may look, but not POST /v1/overrides"))
    let entry = try #require(refusal(stranger, isLooking: true))
    #expect(entry.status == 403 && entry.problem.hint?.contains("adm") == true)
  }
}
