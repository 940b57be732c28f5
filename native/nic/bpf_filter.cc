#include "bpf_filter.h"

#include <dlfcn.h>
#include <linux/if_packet.h>

#include <memory>
#include <regex>

#include "../ring/ring.h"

namespace sysring {

namespace {

// The part of libpcap's interface that is used, as in pcap/pcap.h and pcap/bpf.h: stable since 0.8.
struct pcap_t;
struct BpfProgram {
  unsigned int length;
  sock_filter* instructions;  // struct bpf_insn is the same: u16 code, u8 jt, u8 jf, u32 k
};
constexpr int kOptimize = 1;
constexpr uint32_t kNetmaskUnknown = 0xffffffff;
constexpr size_t kErrorSize = 256;
constexpr int kLiveBufferBytes = 64 << 10;

Failure FilterFailure(const std::string& message, const std::string& hint) { return {"ERR_CAPTURE_FILTER", message, hint}; }

class Libpcap {
 public:
  Libpcap() {
    // Debian's name, then upstream's.
    for (const char* name : {"libpcap.so.0.8", "libpcap.so.1"}) {
      library_.reset(dlopen(name, RTLD_NOW | RTLD_LOCAL));
      if (library_) break;
    }
    if (!library_) throw FilterFailure("libpcap, which compiles the filters of network interfaces, is not installed", "apt-get install libpcap0.8");
    Find(open_dead, "pcap_open_dead");
    Find(create, "pcap_create");
    Find(set_snaplen, "pcap_set_snaplen");
    Find(set_buffer_size, "pcap_set_buffer_size");
    Find(activate, "pcap_activate");
    Find(compile, "pcap_compile");
    Find(geterr, "pcap_geterr");
    Find(freecode, "pcap_freecode");
    Find(close, "pcap_close");
  }

  pcap_t* (*open_dead)(int linktype, int snaplen);
  pcap_t* (*create)(const char* device, char* error);
  int (*set_snaplen)(pcap_t*, int);
  int (*set_buffer_size)(pcap_t*, int);
  int (*activate)(pcap_t*);
  int (*compile)(pcap_t*, BpfProgram*, const char*, int optimize, uint32_t netmask);
  char* (*geterr)(pcap_t*);
  void (*freecode)(BpfProgram*);
  void (*close)(pcap_t*);

 private:
  template <typename Function>
  void Find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(library_.get(), name));
    if (function == nullptr) throw FilterFailure(std::string("this libpcap has no ") + name, "apt-get install libpcap0.8");
  }

  struct Close {
    void operator()(void* library) const { dlclose(library); }
  };
  std::unique_ptr<void, Close> library_;
};

using Handle = std::unique_ptr<pcap_t, void (*)(pcap_t*)>;

BpfFilter Compiled(const Libpcap& pcap, pcap_t* handle, const std::string& expression) {
  BpfProgram program = {};
  if (pcap.compile(handle, &program, expression.c_str(), kOptimize, kNetmaskUnknown) != 0) {
    throw FilterFailure("'" + expression + "': " + pcap.geterr(handle), "the language is that of tcpdump: man pcap-filter; try it with: tcpdump -d '" + expression + "'");
  }
  BpfFilter filter(program.instructions, program.instructions + program.length);
  pcap.freecode(&program);
  return filter;
}

}  // namespace

BpfFilter CompileFilter(const std::string& expression, int linktype, uint32_t snaplen) {
  Libpcap pcap;
  // DLT_RAW has the number 12 where LINKTYPE_RAW is 101; Ethernet is 1 in both.
  Handle handle(pcap.open_dead(linktype == 101 ? 12 : linktype, static_cast<int>(snaplen)), pcap.close);
  if (!handle) throw FilterFailure("libpcap has no memory", "close other programs");
  return Compiled(pcap, handle.get(), expression);
}

BpfFilter CompileFilterFor(const Interface& interface, const std::string& expression, uint32_t snaplen) {
  // Words only, wherever they stand: a live handle is never wrong, it only costs a packet socket for a moment.
  static const std::regex tagged("\\bvlan\\b");
  if (!std::regex_search(expression, tagged)) return CompileFilter(expression, interface.Linktype(), snaplen);
  Libpcap pcap;
  char error[kErrorSize] = {};
  Handle handle(pcap.create(interface.name.c_str(), error), pcap.close);
  if (!handle) throw FilterFailure(std::string("libpcap: ") + error, "leave vlan out of the filter");
  pcap.set_snaplen(handle.get(), static_cast<int>(snaplen));
  pcap.set_buffer_size(handle.get(), kLiveBufferBytes);
  if (pcap.activate(handle.get()) < 0) {
    throw FilterFailure("libpcap cannot open " + interface.name + " to compile a filter with vlan: " + pcap.geterr(handle.get()), "leave vlan out of the filter");
  }
  return Compiled(pcap, handle.get(), expression);
}

BpfFilter CutTo(uint32_t snaplen) { return {{BPF_RET | BPF_K, 0, 0, snaplen}}; }

BpfFilter ReceivedOnly(const BpfFilter& filter) {
  BpfFilter received = {
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_OUTGOING},
      {BPF_RET | BPF_K, 0, 0, 0},
  };
  // Jumps are relative: behind these it works as it did.
  received.insert(received.end(), filter.begin(), filter.end());
  return received;
}

}  // namespace sysring
