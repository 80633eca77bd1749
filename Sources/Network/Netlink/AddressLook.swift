package import SystemPackage

/// Looks which addresses are on the interfaces of one network: that of the thread which made this object.
package final class AddressLook {
  private let tables: NetworkTables

  /// EAFNOSUPPORT where a sandbox forbids it.
  package init() throws(Errno) {
    tables = try NetworkTables()
  }

  /// Whether an address, 4 or 16 bytes, is on one of them now.
  package func finds(_ address: [UInt8]) throws(Errno) -> Bool {
    try tables.addresses().contains { $0.bytes == address }
  }
}
