package org.mobilevos.demo;

import android.content.Context;
import android.content.res.AssetFileDescriptor;
import android.content.res.AssetManager;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.mobilevos.core.Artifact;
import org.mobilevos.core.ArtifactException;
import org.mobilevos.core.ArtifactSpec;
import org.mobilevos.demo.logic.Figures;

/** The artifacts in the app's assets. What each is, its own spec says. */
final class Models {
    private static final String FOLDER = "models";
    private static final String SUFFIX = ".tflite";
    private static final int BUFFER = 1 << 16;

    /** One artifact, usable or not. */
    static final class Model {
        /** The file's name. */
        final String name;
        /** Its spec; null where it cannot be used. */
        final ArtifactSpec spec;
        /** Why it cannot be used; null where it can. */
        final String problem;

        private Model(String name, ArtifactSpec spec, String problem) {
            this.name = name;
            this.spec = spec;
            this.problem = problem;
        }

        /** One line for a list. */
        @Override
        public String toString() {
            return Figures.model(spec);
        }
    }

    private final AssetManager assets;

    Models(Context context) {
        assets = context.getAssets();
    }

    /** All artifacts by name. Reads every file, so not for the UI thread. */
    List<Model> list() {
        List<Model> models = new ArrayList<Model>();
        String[] names;
        try {
            names = assets.list(FOLDER);
        } catch (IOException error) {
            names = new String[0];
        }
        for (String name : names) {
            if (name.endsWith(SUFFIX)) {
                try {
                    models.add(new Model(name, open(name).spec, null));
                } catch (ArtifactException error) {
                    models.add(new Model(name, null, error.getMessage()));
                }
            }
        }
        return Collections.unmodifiableList(models);
    }

    /** The size and the hex SHA-256 of an artifact's file. */
    static final class Fingerprint {
        final long bytes;
        final String sha256;

        private Fingerprint(long bytes, String sha256) {
            this.bytes = bytes;
            this.sha256 = sha256;
        }
    }

    /** What tells a file from others, for results. */
    Fingerprint fingerprint(String name) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new AssertionError(error); // every Android has it
        }
        long bytes = 0;
        byte[] buffer = new byte[BUFFER];
        try (InputStream stream = assets.open(FOLDER + "/" + name)) {
            for (int length = stream.read(buffer); length >= 0; length = stream.read(buffer)) {
                digest.update(buffer, 0, length);
                bytes += length;
            }
        }
        return new Fingerprint(bytes, String.format(Locale.ROOT, "%064x", new BigInteger(1, digest.digest())));
    }

    /**
     * Reads an artifact.
     *
     * @throws ArtifactException it cannot be read or used
     */
    Artifact open(String name) {
        // Fails for a compressed asset, too: build.gradle keeps .tflite files as they are.
        try (AssetFileDescriptor file = assets.openFd(FOLDER + "/" + name);
                InputStream stream = file.createInputStream()) {
            return Artifact.read(stream, file.getLength(), name);
        } catch (IOException error) {
            throw new ArtifactException(
                    name + " cannot be read (" + error.getMessage() + "); install the app again", error);
        }
    }
}
