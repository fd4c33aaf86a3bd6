package org.mobilevos.core;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.Charset;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;

/**
 * An opened .tflite artifact: a model and its spec. Everything is checked before a native runtime, which may crash on a
 * damaged file, sees the bytes. docs/artifact-format.md has the layout.
 */
public final class Artifact {
    private static final Charset ASCII = Charset.forName("US-ASCII");
    private static final Charset UTF_8 = Charset.forName("UTF-8");
    // A flatbuffer has its identifier in bytes 4 to 7.
    private static final int IDENTIFIER_AT = 4;

    public final ArtifactSpec spec;
    /** Hex SHA-256 of the flatbuffer, which names the model among others. */
    public final String sha256;
    private final ByteBuffer model;

    private Artifact(ArtifactSpec spec, String sha256, ByteBuffer model) {
        this.spec = spec;
        this.sha256 = sha256;
        this.model = model;
    }

    /** The flatbuffer: direct, read-only, position 0. */
    public ByteBuffer model() {
        return model.duplicate().order(ByteOrder.nativeOrder());
    }

    /**
     * Reads a file.
     *
     * @throws ArtifactException it is missing, unreadable, empty, truncated, damaged, of another program or of a newer
     *     format
     */
    public static Artifact read(File file) {
        if (file.isDirectory()) {
            throw new ArtifactException(file + " is a folder; name the .tflite file in it");
        }
        try (FileInputStream stream = new FileInputStream(file)) {
            return read(stream, file.length(), file.toString());
        } catch (FileNotFoundException error) {
            throw new ArtifactException("no artifact at " + file + "; make one with vos-export", error);
        } catch (IOException error) {
            throw new ArtifactException(file + " cannot be read: " + error.getMessage(), error);
        }
    }

    /**
     * Reads a stream of a known length, such as an asset of an app.
     *
     * @param name for messages
     * @throws ArtifactException it is empty, truncated, damaged, of another program or of a newer format
     * @throws IOException it cannot be read
     */
    public static Artifact read(InputStream stream, long length, String name) throws IOException {
        if (length < 1 || length > Integer.MAX_VALUE) {
            throw new ArtifactException(
                    name + (length < 1 ? " is empty" : " is too large") + "; copy or export it again");
        }
        ByteBuffer content = ByteBuffer.allocateDirect((int) length);
        ReadableByteChannel channel = Channels.newChannel(stream);
        while (content.hasRemaining() && channel.read(content) >= 0) {
            // reads on
        }
        content.flip();
        try {
            return of(content);
        } catch (ArtifactException error) {
            throw new ArtifactException(name + ": " + error.getMessage(), error);
        }
    }

    /**
     * Checks the bytes of a whole .tflite artifact.
     *
     * @param content direct, from position 0 to its limit; not copied, and not to be changed afterwards
     * @throws ArtifactException it is truncated, damaged, of another program or of a newer format
     */
    public static Artifact of(ByteBuffer content) {
        if (content.limit() < IDENTIFIER_AT + 4
                || !text(content, IDENTIFIER_AT, 4, ASCII).equals(Constants.TFLITE_IDENTIFIER)) {
            throw new ArtifactException("not a TFLite model; make one with vos-export");
        }
        Map<String, StoredZip.Member> members = StoredZip.members(content);
        StoredZip.Member json = members.get(Constants.SPEC_NAME);
        StoredZip.Member checksum = members.get(Constants.CHECKSUM_NAME);
        if (json == null || checksum == null) {
            throw new ArtifactException("this is the model of another program; make one with vos-export");
        }
        int end = content.limit();
        for (StoredZip.Member member : members.values()) {
            end = Math.min(end, member.header);
        }
        ByteBuffer model = content.duplicate();
        model.position(0);
        model.limit(end);
        model = model.slice().asReadOnlyBuffer();
        String sha256 = sha256(model.duplicate());
        if (!sha256.equals(text(content, checksum.start, checksum.length, ASCII).trim())) {
            throw new ArtifactException("the file is damaged: its checksum is wrong; copy or export it again");
        }
        return new Artifact(ArtifactSpec.parse(text(content, json.start, json.length, UTF_8)), sha256, model);
    }

    private static String text(ByteBuffer content, int start, int length, Charset charset) {
        byte[] bytes = new byte[length];
        ByteBuffer reader = content.duplicate();
        reader.position(start);
        reader.get(bytes);
        return new String(bytes, charset);
    }

    private static String sha256(ByteBuffer bytes) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new AssertionError(error); // every Java has it
        }
        digest.update(bytes);
        StringBuilder hex = new StringBuilder();
        for (byte value : digest.digest()) {
            hex.append(Character.forDigit(value >> 4 & 15, 16)).append(Character.forDigit(value & 15, 16));
        }
        return hex.toString();
    }
}
