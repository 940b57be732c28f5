/* System V semaphores. */
#define _GNU_SOURCE
#include <sys/ipc.h>
#include <sys/sem.h>

#include "calls.h"

void semaphores(void)
{
	struct sembuf ops[2] = { { 1, 3, IPC_NOWAIT }, { 0, 0, IPC_NOWAIT | SEM_UNDO } };

	S(semget, IPC_PRIVATE, 2, IPC_CREAT | IPC_EXCL | 0600); line("semget", "res=n:%ld\tkey=n:0\tnsems=n:2\tsemflg=f:IPC_CREAT|IPC_EXCL", r);
	int sem = r;
	S(semget, -77, -1, 0777); line("semget", "res=n:%ld\tkey=n:-77\tnsems=n:-1\tsemflg=f:", r);
	S(semop, sem, ops, 2); line("semop", "res=n:0\tnsops=n:2\tsem_num_0=n:1\tsem_op_0=n:3\tsem_flg_0=f:IPC_NOWAIT\tsem_num_1=n:0\tsem_op_1=n:0\tsem_flg_1=f:IPC_NOWAIT|SEM_UNDO\tsemid=n:%d", sem);
	ops[0].sem_op = -1;
	S(semop, sem, ops, 1); line("semop", "res=n:0\tnsops=n:1\tsem_num_0=n:1\tsem_op_0=n:-1\tsem_flg_0=f:IPC_NOWAIT\tsem_num_1=n:0\tsem_op_1=n:0\tsem_flg_1=f:\tsemid=n:%d", sem);
	/* Nothing is said of the operations of a call that failed. */
	S(semop, -1, ops, 2); line("semop", "res=n:%d\tnsops=n:2\tsem_num_0=n:0\tsem_op_0=n:0\tsem_flg_0=f:\tsem_num_1=n:0\tsem_op_1=n:0\tsem_flg_1=f:\tsemid=n:-1", -EINVAL);
	S(semctl, sem, 1, SETVAL, 9); line("semctl", "res=n:0\tsemid=n:%d\tsemnum=n:1\tcmd=f:SETVAL\tval=n:9", sem);
	S(semctl, sem, 1, GETVAL); line("semctl", "res=n:9\tsemid=n:%d\tsemnum=n:1\tcmd=f:GETVAL\tval=n:0", sem);
	S(semctl, sem, 0, IPC_RMID); line("semctl", "res=n:0\tsemid=n:%d\tsemnum=n:0\tcmd=f:IPC_RMID\tval=n:0", sem);
	S(semctl, sem, -4, IPC_STAT, 8); line("semctl", "res=n:%ld\tsemid=n:%d\tsemnum=n:-4\tcmd=f:IPC_STAT\tval=n:0", r, sem);
}
