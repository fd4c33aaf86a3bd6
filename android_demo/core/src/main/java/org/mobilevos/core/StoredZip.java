package org.mobilevos.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The members of a ZIP of uncompressed members that lies at the end of other bytes (APPNOTE 6.3.10). Java's own readers
 * take files or streams that begin with a member.
 */
final class StoredZip {
    /** Where a member lies. */
    static final class Member {
        /** Of its local header, which is where the ZIP begins for the first member. */
        final int header;
        /** Of its content. */
        final int start;
        final int length;

        Member(int header, int start, int length) {
            this.header = header;
            this.start = start;
            this.length = length;
        }
    }

    private static final int END = 0x06054b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL = 0x04034b50;
    private static final int END_SIZE = 22;
    private static final int CENTRAL_SIZE = 46;
    private static final int LOCAL_SIZE = 30;
    private static final int LONGEST_COMMENT = 0xffff;

    private StoredZip() {}

    /**
     * Finds all members.
     *
     * @throws ArtifactException there is no whole ZIP at the end, or a member is compressed or damaged
     */
    static Map<String, Member> members(ByteBuffer content) {
        ByteBuffer bytes = content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        try {
            int end = end(bytes);
            int count = bytes.getShort(end + 10) & 0xffff;
            int size = bytes.getInt(end + 12);
            int offset = bytes.getInt(end + 16);
            // Offsets count from the ZIP's own beginning or from the file's, as the writer had it.
            int shift = end - size - offset;
            Map<String, Member> members = new LinkedHashMap<String, Member>();
            int entry = offset + shift;
            for (int index = 0; index < count; index++) {
                entry = add(bytes, entry, shift, members);
            }
            return members;
        } catch (IndexOutOfBoundsException error) {
            throw unreadable();
        }
    }

    private static int end(ByteBuffer bytes) {
        int least = Math.max(bytes.limit() - END_SIZE - LONGEST_COMMENT, 0);
        for (int at = bytes.limit() - END_SIZE; at >= least; at--) {
            if (bytes.getInt(at) == END) {
                return at;
            }
        }
        throw unreadable();
    }

    private static int add(ByteBuffer bytes, int entry, int shift, Map<String, Member> members) {
        int method = bytes.getShort(entry + 10);
        int length = bytes.getInt(entry + 24);
        int nameLength = bytes.getShort(entry + 28) & 0xffff;
        int header = bytes.getInt(entry + 42) + shift;
        if (bytes.getInt(entry) != CENTRAL || bytes.getInt(header) != LOCAL || method != 0) {
            throw unreadable();
        }
        int start = header + LOCAL_SIZE + (bytes.getShort(header + 26) & 0xffff)
                + (bytes.getShort(header + 28) & 0xffff);
        if (length < 0 || start > bytes.limit() - length
                || checksum(bytes, start, length) != bytes.getInt(entry + 16)) {
            throw unreadable();
        }
        byte[] name = new byte[nameLength];
        for (int index = 0; index < nameLength; index++) {
            name[index] = bytes.get(entry + CENTRAL_SIZE + index);
        }
        members.put(new String(name, Charset.forName("UTF-8")), new Member(header, start, length));
        return entry + CENTRAL_SIZE + nameLength + (bytes.getShort(entry + 30) & 0xffff)
                + (bytes.getShort(entry + 32) & 0xffff);
    }

    private static int checksum(ByteBuffer bytes, int start, int length) {
        byte[] content = new byte[length];
        ByteBuffer reader = bytes.duplicate();
        reader.position(start);
        reader.get(content);
        CRC32 checksum = new CRC32();
        checksum.update(content, 0, length);
        return (int) checksum.getValue();
    }

    private static ArtifactException unreadable() {
        return new ArtifactException(
                "it has no readable spec at its end: it is truncated, or of another program; copy or export it again");
    }
}
