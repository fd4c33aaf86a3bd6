package org.mobilevos.core;

import java.util.Iterator;
import java.util.ServiceLoader;

/**
 * Opens artifacts on one runtime. An app names its providers in {@code META-INF/services}, so none is built into the
 * core.
 */
public abstract class EngineProvider {
    /** The runtime, for messages. */
    public abstract String runtime();

    /**
     * Loads an artifact. Falls back to the CPU where a GPU was asked for and does not take the graphs whole; the engine
     * says so.
     *
     * @throws EngineException the runtime cannot load it even on the CPU
     */
    public abstract Engine open(Artifact artifact, EngineOptions options);

    /**
     * The first provider that is on the class path.
     *
     * @throws EngineException there is none
     */
    public static EngineProvider installed() {
        Iterator<EngineProvider> providers =
                ServiceLoader.load(EngineProvider.class, EngineProvider.class.getClassLoader()).iterator();
        if (!providers.hasNext()) {
            throw new EngineException(
                    "this build has no runtime for the model; build the app with Gradle, which adds LiteRT");
        }
        return providers.next();
    }
}
