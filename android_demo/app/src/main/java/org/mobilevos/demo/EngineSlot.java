package org.mobilevos.demo;

import org.mobilevos.core.Engine;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.EngineProvider;

/**
 * The one engine that is open. For the inference thread only, which a GPU delegate is bound to: it opens engines, runs
 * them and closes each once, before the next is opened or when the app goes.
 */
final class EngineSlot {
    private final Models models;
    private Engine engine;
    private String model;
    private EngineOptions options;

    EngineSlot(Models models) {
        this.models = models;
    }

    /**
     * The engine for an artifact, which is opened unless it is open already; any other is closed.
     *
     * @throws org.mobilevos.core.MobileVosException the artifact cannot be used, or the runtime does not load it
     */
    Engine open(String wantedModel, EngineOptions wanted) {
        if (engine == null || !wantedModel.equals(model) || !same(wanted, options)) {
            close();
            engine = EngineProvider.installed().open(models.open(wantedModel), wanted);
            model = wantedModel;
            options = wanted;
        }
        return engine;
    }

    /** Whether an engine is the one that is open: sessions of others have ended. */
    boolean holds(Engine other) {
        return other != null && other == engine;
    }

    void close() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
    }

    private static boolean same(EngineOptions one, EngineOptions other) {
        return one.delegate == other.delegate && one.threads == other.threads
                && one.halfPrecision == other.halfPrecision && one.sustainedSpeed == other.sustainedSpeed
                && (one.kernelCache == null) == (other.kernelCache == null);
    }
}
