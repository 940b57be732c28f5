/* quotactl: what it is to do is packed into one number, and what it does it with depends on that. */
#pragma once

#include "record.bpf.h"
#include "translate.bpf.h"

/* include/uapi/linux/quota.h and dqblk_xfs.h; the lower byte of the argument is the type of quota. */
static __always_inline __u16 quota_command(__u32 cmd)
{
	switch (cmd >> 8) {
	case 0x800001: return PPM_QUOTACTL_CMDS_Q_SYNC;
	case 0x800002: return PPM_QUOTACTL_CMDS_Q_QUOTAON;
	case 0x800003: return PPM_QUOTACTL_CMDS_Q_QUOTAOFF;
	case 0x800004: return PPM_QUOTACTL_CMDS_Q_GETFMT;
	case 0x800005: return PPM_QUOTACTL_CMDS_Q_GETINFO;
	case 0x800006: return PPM_QUOTACTL_CMDS_Q_SETINFO;
	case 0x800007: return PPM_QUOTACTL_CMDS_Q_GETQUOTA;
	case 0x800008: return PPM_QUOTACTL_CMDS_Q_SETQUOTA;
	case 0x5801: return PPM_QUOTACTL_CMDS_Q_XQUOTAON;
	case 0x5802: return PPM_QUOTACTL_CMDS_Q_XQUOTAOFF;
	case 0x5803: return PPM_QUOTACTL_CMDS_Q_XGETQUOTA;
	case 0x5804: return PPM_QUOTACTL_CMDS_Q_XSETQLIM;
	case 0x5805: return PPM_QUOTACTL_CMDS_Q_XGETQSTAT;
	case 0x5806: return PPM_QUOTACTL_CMDS_Q_XQUOTARM;
	case 0x5807: return PPM_QUOTACTL_CMDS_Q_XQUOTASYNC;
	default: return 0;
	}
}

static __always_inline __u8 quota_type(__u32 cmd)
{
	switch (cmd & 0xff) {
	case 0: return PPM_QUOTACTL_TYPES_USRQUOTA;
	case 1: return PPM_QUOTACTL_TYPES_GRPQUOTA;
	default: return 0;
	}
}

static __always_inline __u8 quota_format(__u32 format)
{
	switch (format) {
	case 1: return PPM_QUOTACTL_QUOTA_FMTS_QFMT_VFS_OLD;
	case 2: return PPM_QUOTACTL_QUOTA_FMTS_QFMT_VFS_V0;
	case 4: return PPM_QUOTACTL_QUOTA_FMTS_QFMT_VFS_V1;
	default: return PPM_QUOTACTL_QUOTA_FMTS_QFMT_NOT_USED;
	}
}

/* cmd, type, id, quota_fmt: the third argument is an id for commands about one user's quota, and a format for Q_QUOTAON. */
static __always_inline void put_quota_request(struct rec *r, __u32 cmd, __u32 id)
{
	__u16 command = quota_command(cmd);
	bool of_one = command == PPM_QUOTACTL_CMDS_Q_GETQUOTA || command == PPM_QUOTACTL_CMDS_Q_SETQUOTA ||
		      command == PPM_QUOTACTL_CMDS_Q_XGETQUOTA || command == PPM_QUOTACTL_CMDS_Q_XSETQLIM;

	put_u16(r, command);
	put_u8(r, quota_type(cmd));
	put_u32(r, of_one ? id : 0);
	put_u8(r, command == PPM_QUOTACTL_CMDS_Q_QUOTAON ? quota_format(id) : PPM_QUOTACTL_QUOTA_FMTS_QFMT_NOT_USED);
}

/* struct if_dqblk and if_dqinfo: not every kernel's types have them. */
struct quota_limits {
	__u64 bhardlimit, bsoftlimit, curspace, ihardlimit, isoftlimit, curinodes, btime, itime;
	__u32 valid;
};

struct quota_times {
	__u64 bgrace, igrace;
	__u32 flags, valid;
};

/* special, quotafilepath, dqb_* (seven), dqi_* (three), quota_fmt_out. Members that the structure does not call valid are 0. */
static __always_inline void put_quota(struct rec *r, __u32 cmd, unsigned long special, unsigned long addr)
{
	__u16 command = quota_command(cmd);
	struct quota_limits limits = {};
	struct quota_times times = {};
	__u32 format = 0;

	if (command == PPM_QUOTACTL_CMDS_Q_GETQUOTA || command == PPM_QUOTACTL_CMDS_Q_SETQUOTA)
		bpf_probe_read_user(&limits, sizeof(limits), (const void *)addr);
	else if (command == PPM_QUOTACTL_CMDS_Q_GETINFO || command == PPM_QUOTACTL_CMDS_Q_SETINFO)
		bpf_probe_read_user(&times, sizeof(times), (const void *)addr);
	else if (command == PPM_QUOTACTL_CMDS_Q_GETFMT)
		bpf_probe_read_user(&format, sizeof(format), (const void *)addr);

	put_str(r, special);
	if (command == PPM_QUOTACTL_CMDS_Q_QUOTAON)
		put_str(r, addr);
	else
		put_null(r);
	put_u64(r, limits.valid & 1 ? limits.bhardlimit : 0);
	put_u64(r, limits.valid & 1 ? limits.bsoftlimit : 0);
	put_u64(r, limits.valid & 2 ? limits.curspace : 0);
	put_u64(r, limits.valid & 4 ? limits.ihardlimit : 0);
	put_u64(r, limits.valid & 4 ? limits.isoftlimit : 0);
	put_u64(r, limits.valid & 16 ? limits.btime : 0);
	put_u64(r, limits.valid & 32 ? limits.itime : 0);
	put_u64(r, times.valid & 1 ? times.bgrace : 0);
	put_u64(r, times.valid & 2 ? times.igrace : 0);
	put_u8(r, times.valid & 4 ? times.flags : 0);
	put_u8(r, quota_format(format));
}
